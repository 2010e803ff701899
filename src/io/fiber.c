/* Stacks, and changing between them, by the C library's contexts. See fiber.h. */
#include "io/fiber.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/mem.h"

/* The address sanitizer has to be told where the stack is; its own frames are larger too. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
#include <sanitizer/common_interface_defs.h>
enum { STACK_SIZE = 512 * 1024 };
#else
enum { STACK_SIZE = 64 * 1024 }; /* OpenSSL's own fibers have 32 */
#endif

enum { GUARD_SIZE = 4096 }; /* below it: an overflow is a crash and nothing worse */

struct fiber {
	struct fiber *next; /* of those that are kept */
	char *memory;
	ucontext_t inside, outside;
	void (*run)(void *arg);
	void *arg;
	bool ended;
#ifdef SANITIZED
	void *fake_inside, *fake_outside;
	const void *outer_stack;
	size_t outer_size;
#endif
};

static struct fiber *current, *kept;
static unsigned count, kept_count;

/* ---- changing ---- */

static void enter(struct fiber *f)
{
	current = f;
#ifdef SANITIZED
	__sanitizer_start_switch_fiber(&f->fake_outside, f->memory + GUARD_SIZE, STACK_SIZE);
#endif
	swapcontext(&f->outside, &f->inside);
#ifdef SANITIZED
	__sanitizer_finish_switch_fiber(f->fake_outside, NULL, NULL);
#endif
	current = NULL;
}

static void leave(struct fiber *f)
{
#ifdef SANITIZED
	__sanitizer_start_switch_fiber(f->ended ? NULL : &f->fake_inside, f->outer_stack, f->outer_size);
#endif
	swapcontext(&f->inside, &f->outside);
#ifdef SANITIZED
	__sanitizer_finish_switch_fiber(f->fake_inside, &f->outer_stack, &f->outer_size);
#endif
}

static void begin(void)
{
	struct fiber *f = current;
#ifdef SANITIZED
	__sanitizer_finish_switch_fiber(NULL, &f->outer_stack, &f->outer_size);
#endif
	f->run(f->arg);
	f->ended = true;
	leave(f);
}

/* ---- stacks ---- */

static struct fiber *take_kept(void)
{
	struct fiber *const f = kept;
	kept = f->next;
	kept_count--;
	return f;
}

static struct fiber *make_fiber(void)
{
	void *const memory = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	struct fiber *const f = mprotect(memory, GUARD_SIZE, PROT_NONE) == 0 ? mem_try(sizeof *f) : NULL;
	if (f)
		f->memory = memory;
	else
		munmap(memory, GUARD_SIZE + STACK_SIZE);
	return f;
}

static void end_fiber(struct fiber *f)
{
	count--;
	if (kept_count < FIBERS_KEPT) {
		f->next = kept;
		kept = f;
		kept_count++;
		return;
	}
	munmap(f->memory, GUARD_SIZE + STACK_SIZE);
	mem_free(f);
}

/* ---- the interface ---- */

int fiber_run(void (*run)(void *arg), void *arg, struct fiber **out)
{
	if (count >= FIBERS_MAX || current)
		return -ENOMEM;
	struct fiber *const f = kept ? take_kept() : make_fiber();
	if (f == NULL)
		return -ENOMEM;
	*f = (struct fiber){.memory = f->memory, .run = run, .arg = arg};
	getcontext(&f->inside);
	f->inside.uc_stack.ss_sp = f->memory + GUARD_SIZE;
	f->inside.uc_stack.ss_size = STACK_SIZE;
	makecontext(&f->inside, begin, 0);
	count++;
	*out = fiber_go_on(f) ? NULL : f;
	return 0;
}

bool fiber_go_on(struct fiber *f)
{
	enter(f);
	if (!f->ended)
		return false;
	end_fiber(f);
	return true;
}

bool fiber_is_here(void)
{
	return current != NULL;
}

void fiber_wait(void)
{
	leave(current);
}
