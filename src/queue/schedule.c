/* Back-off: schedule.h. */
#include "queue/schedule.h"

int64_t schedule_wait(const struct schedule *s, uint32_t failures, uint32_t random)
{
	int64_t wait = s->retry_min > 0 ? s->retry_min : 1;
	int64_t most = s->retry_max > wait ? s->retry_max : wait;
	for (uint32_t i = 1; i < failures && wait < most; i++)
		wait = wait > most / 2 ? most : wait * 2;
	wait -= wait / 4 * (int64_t)(random % 1024) / 1024;
	return wait;
}

enum { STEP_MAX = 60 };

int64_t schedule_most(const struct schedule *s)
{
	int64_t most = s->retry_max > s->retry_min ? s->retry_max : s->retry_min;
	return (most > 0 ? most : 1) + STEP_MAX;
}

int64_t schedule_not_before(const struct schedule *s, int64_t now, uint32_t attempts, uint32_t random)
{
	int64_t wait = schedule_wait(s, attempts, random);
	int64_t step = schedule_wait(s, attempts, 0) / 16;
	step = step < STEP_MAX ? step : STEP_MAX;
	int64_t at = now + wait;
	return step > 1 ? (at + step - 1) / step * step : at;
}

uint32_t schedule_mix(uint64_t seed, uint64_t i)
{
	uint64_t z = seed + (i + 1) * UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) >> 32);
}
