/* team.c - the threads that compute one step together.
 *
 * Holds: a job is called once for each tid of 0..n-1, and nnrt_barrier is reached by all of them;
 *        a job that n threads have got is finished before the next one begins.
 *
 * `ticket` says what happens: the number of the job, and how many threads it is for.  A thread
 * waits for it to change.  Waiting is spinning for some 20 us - the time that one sleep and wake
 * costs - and a futex after that: a neighbour who needs the processor gets it, and a team is never
 * slowed down by more than its share (an unbounded spin fell to an eighth of its speed).  Where a
 * neighbour keeps one processor busy, the system puts two threads of the team on another: one that
 * waits there does not spin, for who it waits for could not get on meanwhile.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include "rt_float_state.h"
#include "rt_mem.h"
#include "rt_pace.h"
#include "rt_show.h"
#include "rt_team.h"

enum {
	SPIN = 2000,      /* pauses before a thread sleeps */
	LOOK = 64,        /* pauses between looks at where the others are */
	THREADS = 1 << 13 /* of a ticket: the number of threads is below it */
};

/* Below so many multiply-adds a thread costs more than it gives: about 10 us. */
#define LEAST_WORK 200e3

/* On a line of its own, which others look at while they wait. */
typedef struct {
	_Alignas(64) atomic_int cpu; /* where it works since the last barrier; -1: it waits */
	nnrt_team *team;
	int tid;
	pthread_t thread;
} Member;

/* What threads wait for, on a line of its own: all look at it all the time. */
typedef struct {
	_Alignas(64) atomic_uint value;
	atomic_int asleep; /* threads that sleep, or are about to */
} Word;

struct nnrt_team {
	Word ticket, turn;                /* of the jobs; of the barrier */
	_Alignas(64) atomic_int arrived;
	_Alignas(64) int n;               /* threads */
	int seats;                        /* members that there is room for; set before any runs */
	int active;                       /* of the job at hand */
	int spin;
	rt_job *job;
	void *arg;
	bool flush;
	atomic_int slept;                 /* waits at barriers of this job that became a sleep */
	atomic_int wanted;                /* threads that jobs may have at the moment */
	bool paced;
	Pace pace;
	Member *member;
};

/* ---- waiting ------------------------------------------------------------------------------ */

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void sleep_while(atomic_uint *word, unsigned old)
{
#if defined(__linux__)
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, 0, 0, 0);
#else
	(void)word, (void)old;
	usleep(50);
#endif
}

static int processor(void)
{
#if defined(__linux__)
	return sched_getcpu();
#else
	return -1;
#endif
}

static void works_here(nnrt_team *t, int tid)
{
	atomic_store_explicit(&t->member[tid].cpu, processor(), memory_order_relaxed);
}

/* Whether one that still works is on the processor of one that waits. */
static bool in_the_way(const nnrt_team *t, int tid)
{
	int here = processor();
	for (int i = 0; i < t->seats && here >= 0; i++)
		if (i != tid && atomic_load_explicit(&t->member[i].cpu,
		                                     memory_order_relaxed) == here)
			return true;
	return false;
}

/* Until the word is another one than old.  Returns it. */
static unsigned wait_change(nnrt_team *t, Word *w, unsigned old, int tid, int spin)
{
	unsigned now;
	atomic_store_explicit(&t->member[tid].cpu, -1, memory_order_relaxed);
	for (int i = 0; i < spin; i++) {
		now = atomic_load_explicit(&w->value, memory_order_acquire);
		if (now != old)
			return now;
		relax();
		if (i % LOOK == LOOK - 1 && in_the_way(t, tid))
			break;
	}
	if (w == &t->turn)
		atomic_fetch_add_explicit(&t->slept, 1, memory_order_relaxed);
	atomic_fetch_add(&w->asleep, 1);
	while ((now = atomic_load(&w->value)) == old)
		sleep_while(&w->value, old);
	atomic_fetch_sub(&w->asleep, 1);
	return now;
}

static void change(Word *w, unsigned to)
{
	atomic_store(&w->value, to);
#if defined(__linux__)
	/* a thread counts itself as asleep before it looks for the last time */
	if (atomic_load(&w->asleep) > 0)
		syscall(SYS_futex, &w->value, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
#endif
}

void nnrt_barrier(nnrt_team *t, int tid)
{
	/* read before this thread is here: behind the barrier they are of the next job */
	int active = t->active;
	if (active == 1)
		return;
	unsigned turn = atomic_load_explicit(&t->turn.value, memory_order_relaxed);
	if (atomic_fetch_add(&t->arrived, 1) + 1 < active) {
		wait_change(t, &t->turn, turn, tid, t->spin);
	} else {
		atomic_store_explicit(&t->arrived, 0, memory_order_relaxed);
		change(&t->turn, turn + 1);
	}
	works_here(t, tid);
}

/* ---- jobs --------------------------------------------------------------------------------- */

static void take_part(nnrt_team *t, int tid, int n)
{
	unsigned before = rt_float_enter(t->flush);
	t->job(t->arg, tid, n);
	rt_float_leave(before);
	nnrt_barrier(t, tid);
}

static void *member_main(void *arg)
{
	Member *m = arg;
	nnrt_team *t = m->team;
	unsigned ticket = 0;
	for (;;) {
		/* who is not wanted leaves the processor to the neighbour */
		bool wanted = m->tid < atomic_load_explicit(&t->wanted, memory_order_relaxed);
		ticket = wait_change(t, &t->ticket, ticket, m->tid, wanted ? t->spin : 1);
		int n = (int)(ticket % THREADS);
		if (n == 0)
			return 0;
		/* what else the team says is of this job only if this thread is of it */
		if (m->tid < n)
			take_part(t, m->tid, n);
	}
}

/* The next number of a job, for n threads. */
static void call(nnrt_team *t, int n)
{
	unsigned number = atomic_load_explicit(&t->ticket.value, memory_order_relaxed) / THREADS + 1;
	change(&t->ticket, number * THREADS + (unsigned)n);
}

static void run(nnrt_team *t, int n)
{
	if (n > 1)
		call(t, n);
	take_part(t, 0, n);
}

void rt_team_run(nnrt_team *t, rt_job *job, void *arg, double work, bool flush)
{
	double most = work / LEAST_WORK;
	int limit = t->paced ? t->pace.limit : t->n, n = most < limit ? (int)most : limit;
	t->active = n = n < 1 ? 1 : n;
	t->job = job;
	t->arg = arg;
	t->flush = flush;
	if (!t->paced || most < 2) {
		run(t, n);
		return;
	}
	double begin = rt_now();
	run(t, n);
	rt_pace_job(&t->pace, work, rt_now() - begin, atomic_exchange(&t->slept, 0));
	atomic_store_explicit(&t->wanted, t->pace.limit, memory_order_relaxed);
}

/* ---- the team ----------------------------------------------------------------------------- */

static int start(nnrt_team *t, int threads)
{
	sigset_t all, before;
	int n = 1;
	/* signals are the caller's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; n < threads; n++) {
		Member *m = &t->member[n];
		m->team = t;
		m->tid = n;
		if (pthread_create(&m->thread, 0, member_main, m))
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, 0);
	return n;
}

nnrt_team *rt_team_new(int threads)
{
	nnrt_team *t = rt_alloc(1, sizeof *t, "threads");
	threads = threads < 1 ? 1 : threads > TEAM_MOST ? TEAM_MOST : threads;
	/* more threads than processors only get on if those who wait make room */
	t->paced = threads > 1 && threads <= rt_team_usable();
	t->spin = threads > 1 && !t->paced ? 1 : SPIN;
	t->wanted = threads;
	t->active = 1;
	t->member = rt_alloc((size_t)threads, sizeof *t->member, "threads");
	t->seats = threads;
	for (int i = 0; i < threads; i++)
		t->member[i].cpu = -1;
	works_here(t, 0);
	t->n = start(t, threads);
	t->pace = rt_pace_new(t->n);
	return t;
}

void rt_team_free(nnrt_team *t)
{
	if (t->n > 1)
		call(t, 0);
	for (int i = 1; i < t->n; i++)
		pthread_join(t->member[i].thread, 0);
	rt_free(t->member);
	rt_free(t);
}

int rt_team_size(const nnrt_team *t)
{
	return t->n;
}
