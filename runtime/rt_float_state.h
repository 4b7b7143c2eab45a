/* rt_float_state.h - the processor's mode for denormal numbers.
 *
 * A denormal costs some hundred cycles, and late in training optimizer states are full of
 * them.  A single-precision trainer at -O1 or above flushes them to zero while it computes,
 * and puts the mode back before anything else runs.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_FLOAT_STATE_H
#define NNRT_RT_FLOAT_STATE_H

#include <stdbool.h>

#if defined(__SSE2__)
#include <xmmintrin.h>

/* Bits 15 (flush results) and 6 (denormal operands are zero) of MXCSR: Intel's manual, vol.
 * 1, 10.2.3. */
enum { RT_FLUSH_BITS = 0x8040 };

static inline unsigned rt_float_enter(bool flush)
{
	unsigned before = _mm_getcsr();
	if (flush)
		_mm_setcsr(before | RT_FLUSH_BITS);
	return before;
}

static inline void rt_float_leave(unsigned before)
{
	_mm_setcsr(before);
}
#else
static inline unsigned rt_float_enter(bool flush)
{
	(void)flush;
	return 0;
}

static inline void rt_float_leave(unsigned before)
{
	(void)before;
}
#endif

#endif
