/* See submit_addresses.h: some of them in a slice, since an alias may take hundreds of entries. */
#include "role/store/submit_addresses.h"

#include <errno.h>

#include "base/container.h"
#include "base/mem.h"
#include "format/path.h"
#include "role/store/directory_job.h"

enum { AT_ONCE = 10, PATH_MEMORY = 4096 };

/* As the directory knows it. */
static int key_of(struct view address, struct buf *key)
{
	struct arena arena;
	struct path path;
	arena_init(&arena, PATH_MEMORY);
	int error = mailbox_parse(address, &arena, &path);
	if (error == 0)
		error = path_key(&path, key);
	arena_done(&arena);
	return error ? -EINVAL : 0;
}

static bool leads_to(const struct directory_targets *targets, uint64_t account)
{
	for (size_t i = 0; i < targets->count; i++)
		if (!targets->items[i].remote && targets->items[i].shard == account)
			return true;
	return false;
}

/* A verdict in *result, or an error of the store. */
static int judge(struct txn *t, const struct submit_addresses *s, struct view address, bool own, int *result,
    struct directory_targets *targets)
{
	struct buf key;
	int error;
	buf_init(&key, ADDRESS_KEY_MAX);
	*result = key_of(address, &key);
	if (*result) {
		buf_done(&key);
		return 0;
	}
	error = directory_job_resolve(t, buf_view(&key), targets);
	buf_done(&key);
	switch (error) {
	case 0:
		*result = own && !leads_to(targets, s->account) ? -EPERM : 0;
		return 0;
	case -EXDEV: /* of another host */
		*result = own ? -EPERM : 0;
		return 0;
	case -ENOENT:
	case -EACCES:
	case -ELOOP:
	case -E2BIG:
	case -EINVAL:
	case -EMSGSIZE:
		*result = own ? -EPERM : -ENOENT;
		return 0;
	default:
		return error;
	}
}

static int run(struct txn *t, void *arg)
{
	struct submit_addresses *s = arg;
	struct directory_targets *targets = mem_resize(NULL, sizeof *targets);
	int error = 0;
	for (size_t i = s->at; i < s->count && i < s->at + AT_ONCE && error == 0; i++)
		error = judge(t, s, s->addresses[i], i < s->own, &s->results[i], targets);
	mem_free(targets);
	return error;
}

static void look(struct store *store, struct submit_addresses *s);

static void looked(struct store_read *read, int result)
{
	struct submit_addresses *s = container_of(read, struct submit_addresses, read);
	s->at += AT_ONCE;
	if (result || s->at >= s->count)
		s->done(s, result);
	else
		look(read->pending.store, s);
}

static void look(struct store *store, struct submit_addresses *s)
{
	s->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run, .arg = s, .done = looked};
	store_read(store, &s->read);
}

void submit_addresses(struct store *store, struct submit_addresses *s)
{
	s->at = 0;
	look(store, s);
}
