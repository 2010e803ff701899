/*
 * Programs that ran lately. A form is checked as it is read, octet by octet, which takes longer than most
 * programs run; so what was read is kept, the least used going first. Account, id and version name a form for
 * ever, so nothing here goes stale.
 */
#include "role/rules/rules_private.h"

#include <errno.h>

#include "base/mem.h"
#include "sieve/sieve_form.h"

enum {
	/* Octets of all programs that are kept: some ten thousand of usual size. */
	KEPT_MAX = 64 << 20
};

static struct {
	struct rules_program *newest, *oldest;
	struct map by_name;
	size_t bytes;
} kept;

struct name {
	uint64_t account, id, version;
};

static struct view name_of(const struct name *name)
{
	return view_of((const char *)name, sizeof *name);
}

static size_t size_of(const struct rules_program *p)
{
	return sizeof *p + p->form.cap + p->arena.used;
}

static void unlink_program(struct rules_program *p)
{
	*(p->newer ? &p->newer->older : &kept.newest) = p->older;
	*(p->older ? &p->older->newer : &kept.oldest) = p->newer;
}

static void link_newest(struct rules_program *p)
{
	p->newer = NULL;
	p->older = kept.newest;
	*(kept.newest ? &kept.newest->newer : &kept.oldest) = p;
	kept.newest = p;
}

static void drop(struct rules_program *p)
{
	const struct name name = {p->account, p->id, p->version};
	unlink_program(p);
	map_remove(&kept.by_name, name_of(&name));
	kept.bytes -= size_of(p);
	buf_done(&p->form);
	arena_done(&p->arena);
	mem_free(p);
}

static void make_room(void)
{
	struct rules_program *p = kept.oldest;
	while (p && kept.bytes > KEPT_MAX) {
		struct rules_program *next = p->newer;
		if (p->users == 0)
			drop(p);
		p = next;
	}
}

struct rules_program *rules_program_hold(uint64_t account, uint64_t id, uint64_t version)
{
	const struct name name = {account, id, version};
	struct rules_program *p = map_get(&kept.by_name, name_of(&name));
	if (p == NULL)
		return NULL;
	unlink_program(p);
	link_newest(p);
	p->users++;
	return p;
}

int rules_program_add(
    uint64_t account, uint64_t id, uint64_t version, struct buf *form, struct rules_program **out)
{
	/* Another run may have asked for it at the same time. */
	*out = rules_program_hold(account, id, version);
	if (*out)
		return 0;
	const struct name name = {account, id, version};
	struct rules_program *p = mem_alloc(sizeof *p);
	*p = (struct rules_program){
	    .account = account, .id = id, .version = version, .users = 1, .form = *form};
	buf_init(form, RULES_FORM_MAX);
	arena_init(&p->arena, SIEVE_COMPILE_MEMORY_MAX);
	int error = sieve_form_read(buf_view(&p->form), NULL, &p->arena, &p->program);
	if (error) {
		buf_done(&p->form);
		arena_done(&p->arena);
		mem_free(p);
		return error;
	}
	map_set(&kept.by_name, name_of(&name), p);
	link_newest(p);
	kept.bytes += size_of(p);
	make_room();
	*out = p;
	return 0;
}

void rules_program_give_back(struct rules_program *p)
{
	if (p)
		p->users--;
	make_room();
}
