/* text.c - numbers as people read them, and the clock.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rt_show.h"

double rt_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

const char *rt_grouped(double v, char out[RT_NUMBER])
{
	char plain[RT_NUMBER];
	if (!isfinite(v) || fabs(v) > 1e15) {
		snprintf(out, RT_NUMBER, isnan(v) ? "-" : "%.3g", v);
		return out;
	}
	int n = snprintf(plain, sizeof plain, "%.0f", v), k = 0;
	for (int i = 0; i < n; i++) {
		if (i && plain[i - 1] != '-' && (n - i) % 3 == 0)
			out[k++] = ' ';
		out[k++] = plain[i];
	}
	out[k] = 0;
	return out;
}

const char *rt_score(double v, char out[RT_NUMBER])
{
	double a = fabs(v);
	if (!isfinite(v) || a == 0 || (a >= 1e-3 && a < 1e5))
		snprintf(out, RT_NUMBER, "%.4f", v);
	else
		rt_short_exp(v, 3, out);
	return out;
}

const char *rt_short_exp(double v, int digits, char out[RT_NUMBER])
{
	/* C prints at least two digits of exponent; a leading zero and a plus sign go. */
	snprintf(out, RT_NUMBER, "%.*e", digits, v);
	char *e = strchr(out, 'e');
	if (!e)
		return out;
	char *to = e + 1, *from = e + 1;
	if (*from == '-')
		to++;
	from++;
	while (*from == '0' && from[1])
		from++;
	memmove(to, from, strlen(from) + 1);
	return out;
}

const char *rt_duration(double seconds, char out[RT_NUMBER])
{
	long long s = (long long)(seconds < 1e15 ? seconds + 0.5 : 1e15);
	if (seconds < 59.95)
		snprintf(out, RT_NUMBER, "%.1fs", seconds);
	else if (s < 3600)
		snprintf(out, RT_NUMBER, "%lldm%02llds", s / 60, s % 60);
	else
		snprintf(out, RT_NUMBER, "%lldh%02lldm", s / 3600, s / 60 % 60);
	return out;
}
