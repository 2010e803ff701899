/* The clocks of clock.h, and the test's hand on one of them. */
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Seconds ahead, written by another process; NULL where time is real. */
static const _Atomic int64_t *ahead;

static int64_t read_us(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
	return clock_wall_ms() / 1000;
}

static int64_t simulated_ms(void)
{
	return ahead ? atomic_load_explicit(ahead, memory_order_relaxed) * 1000 : 0;
}

int64_t clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000 + simulated_ms();
}

int64_t clock_elapsed_ms(void)
{
	return clock_monotonic_ms() + simulated_ms();
}

int clock_simulate(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fstat(fd, &st) != 0 ? -errno : st.st_size < (off_t)sizeof *ahead ? -EINVAL : 0;
	if (error == 0) {
		void *mapped = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
		if (mapped == MAP_FAILED)
			error = -errno;
		else
			ahead = mapped;
	}
	close(fd);
	return error;
}

bool clock_is_simulated(void)
{
	return ahead != NULL;
}
