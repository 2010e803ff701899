/* See local_users.h. A caller is known to the kernel by number alone, so names are looked up beforehand. */
#include "config/local_users.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

bool local_users_name_is_good(struct view name)
{
	if (view_equal(name, VIEW("*")))
		return true;
	if (name.len == 0 || name.len >= LOCAL_USER_NAME_SIZE || name.data[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.data[i]) && strchr("._-$", name.data[i]) == NULL)
			return false;
	return true;
}

static void add(struct buf *users, uid_t number, const char *name)
{
	buf_printf(users, "%u %s\n", (unsigned)number, name);
}

void local_users_add_number(struct buf *users, uid_t number)
{
	const struct passwd *entry = getpwuid(number);
	char text[LOCAL_USER_NAME_SIZE];
	snprintf(text, sizeof text, "%u", (unsigned)number);
	bool good = entry && local_users_name_is_good(view_from_string(entry->pw_name));
	add(users, number, good ? entry->pw_name : text);
}

bool local_users_add(struct buf *users, struct view name)
{
	char text[LOCAL_USER_NAME_SIZE];
	uint64_t number;
	if (!local_users_name_is_good(name))
		return false;
	if (view_equal(name, VIEW("*"))) {
		buf_append_string(users, "*\n");
		return true;
	}
	/* (uid_t)-1 is nobody: the kernel says so where it does not know. */
	if (view_to_u64(name, (uid_t)-1 - (uint64_t)1, &number)) {
		local_users_add_number(users, (uid_t)number);
		return true;
	}
	snprintf(text, sizeof text, "%.*s", VIEW_FMT(name));
	const struct passwd *entry = getpwnam(text);
	if (entry)
		add(users, entry->pw_uid, text);
	return entry != NULL;
}

bool local_users_find(struct view users, uid_t number, char name[LOCAL_USER_NAME_SIZE])
{
	struct view line, first;
	uint64_t n;
	bool all = false;
	snprintf(name, LOCAL_USER_NAME_SIZE, "uid %u", (unsigned)number);
	while (users.len && view_next(&users, '\n', &line)) {
		all = all || view_equal(line, VIEW("*"));
		if (!view_next(&line, ' ', &first) || !view_to_u64(first, UINT32_MAX, &n) || n != number ||
		    line.len == 0)
			continue;
		snprintf(name, LOCAL_USER_NAME_SIZE, "%.*s", VIEW_FMT(line));
		return true;
	}
	return all;
}
