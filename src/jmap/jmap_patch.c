/*
 * Patches (RFC 8620 section 5.3): an object whose names are paths without the first "/". No path may be the
 * beginning of another one, all but the last step must be there, and no step may lead into a list.
 */
#include "jmap/jmap_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool is_pointer(const char *path)
{
	size_t steps = 1;

	for (; *path; path++) {
		steps += *path == '/';
		if (*path == '~' && path[1] != '0' && path[1] != '1')
			return false;
	}
	return steps <= JMAP_PATCH_DEPTH_MAX;
}

/* In the order in which the beginning of a path comes just before those that go on from it: "/" before any
 * other octet. */
static int compare(const void *a, const void *b)
{
	const unsigned char *x = *(const unsigned char *const *)a, *y = *(const unsigned char *const *)b;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	int p = *x == '/' ? 1 : *x ? *x + 1 : 0, q = *y == '/' ? 1 : *y ? *y + 1 : 0;
	return p - q;
}

bool jmap_patch_is_valid(const json_t *patch)
{
	size_t count = 0;
	const char **paths = mem_try((json_object_size(patch) + 1) * sizeof *paths), *key;
	json_t *value;
	bool ok = paths != NULL;

	json_object_foreach((json_t *)(uintptr_t)patch, key, value)
	{
		ok = ok && is_pointer(key);
		if (paths)
			paths[count++] = key;
	}
	if (ok)
		qsort(paths, count, sizeof *paths, compare);
	for (size_t i = 1; ok && i < count; i++) {
		size_t len = strlen(paths[i - 1]);
		ok = strncmp(paths[i - 1], paths[i], len) != 0 || paths[i][len] != '/';
	}
	mem_free(paths);
	return ok;
}

/* Unescapes one step into `out`, which has room for it. */
static size_t unescape(char *out, struct view step)
{
	size_t len = 0;

	for (size_t i = 0; i < step.len; i++) {
		if (step.data[i] == '~' && i + 1 < step.len)
			out[len++] = step.data[++i] == '1' ? '/' : '~';
		else
			out[len++] = step.data[i];
	}
	out[len] = 0;
	return len;
}

bool jmap_patch_step(struct jmap_call *c, struct view path, struct view *step, struct view *rest)
{
	ptrdiff_t slash = view_find(path, '/');
	struct view raw = slash < 0 ? path : view_take(path, (size_t)slash);
	char *text = arena_alloc(&c->arena, raw.len + 1);

	if (text == NULL)
		return false;
	*step = view_of(text, unescape(text, raw));
	*rest = slash < 0 ? (struct view){0} : view_skip(path, (size_t)slash + 1);
	return true;
}

static bool apply_one(json_t *object, const char *path, json_t *value)
{
	struct view rest = view_from_string(path), step;
	char *text = mem_try(rest.len + 1);
	bool ok = text != NULL;

	while (ok && view_next(&rest, '/', &step)) {
		(void)unescape(text, step);
		ok = json_is_object(object);
		if (!ok)
			break;
		if (rest.data) {
			object = json_object_get(object, text);
		} else if (json_is_null(value)) {
			(void)json_object_del(object, text);
		} else {
			ok = json_object_set(object, text, value) == 0;
		}
	}
	mem_free(text);
	return ok;
}

bool jmap_patch_apply(json_t *object, const json_t *patch)
{
	const char *path;
	json_t *value;

	if (!jmap_patch_is_valid(patch))
		return false;
	json_object_foreach(
	    (json_t *)(uintptr_t)patch, path, value) if (!apply_one(object, path, value)) return false;
	return true;
}
