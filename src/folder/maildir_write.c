/*
 * Maildir++, with Dovecot's notes beside it: dovecot-uidlist (UIDs, UIDLs), dovecot-keywords, subscriptions.
 * A file's name begins with what the message is known by, so that a second run finds what the first one
 * wrote.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "folder/folder_private.h"

enum { LETTERS = 26 };

static int make_folder(int at, const char *name)
{
	return mkdirat(at, name, 0700) != 0 && errno != EEXIST ? -errno : 0;
}

/* The part of a file's name that stays: up to the colon. */
static struct view base_name(struct view name)
{
	ptrdiff_t colon = view_find(name, ':');
	return colon < 0 ? name : view_take(name, (size_t)colon);
}

/* The part that is the message's own: up to the sizes. */
static struct view key_of(struct view name)
{
	ptrdiff_t comma = view_find(name, ',');
	return comma < 0 ? name : view_take(name, (size_t)comma);
}

static int find_files(struct folder_writer *w)
{
	struct folder_names names;
	int current = folder_open_folder(w->folder, "cur");
	if (current < 0)
		return current;
	int error = folder_names_read(current, false, &names);
	close(current);
	if (error)
		return error;
	w->files = mem_alloc(sizeof *w->files);
	map_init(w->files);
	for (size_t i = 0; error == 0 && i < names.count; i++) {
		struct view *name = arena_alloc(&w->arena, sizeof *name);
		if (name == NULL || !arena_copy(&w->arena, names.items[i], name))
			error = -ENOMEM;
		else
			map_set(w->files, key_of(*name), name);
	}
	folder_names_done(&names);
	return error;
}

static int begin(struct folder_writer *w, struct view path, uint32_t uidvalidity, uint32_t uidnext)
{
	static const char *const folders[] = {"cur", "new", "tmp"};
	bool inbox = view_equal(path, VIEW("INBOX"));
	int error = inbox ? 0 : maildir_name_encode(&w->name, path);
	if (error == 0 && !inbox)
		error = make_folder(w->root, buf_string(&w->name));
	if (error)
		return error;
	w->folder = folder_open_folder(w->root, inbox ? "." : buf_string(&w->name));
	if (w->folder < 0)
		return w->folder;
	for (size_t i = 0; error == 0 && i < 3; i++)
		error = make_folder(w->folder, folders[i]);
	/* What tells Maildir++ that this is a part of the whole. */
	int mark = error || inbox ? -1
	                          : openat(w->folder, "maildirfolder",
	                                O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (mark >= 0)
		close(mark);
	buf_printf(&w->notes, "3 V%u N%u\n", (unsigned)uidvalidity, (unsigned)uidnext);
	return error ? error : find_files(w);
}

/* ---- names ---- */

static char letter_of(struct folder_writer *w, struct view keyword)
{
	for (size_t i = 0; i < w->keyword_count; i++)
		if (view_equal_nocase(w->keywords[i], keyword))
			return (char)('a' + i);
	if (w->keyword_count == LETTERS || !arena_copy(&w->arena, keyword, &w->keywords[w->keyword_count]))
		return '\0';
	return (char)('a' + w->keyword_count++);
}

static void put_key(const struct folder_message *m, struct buf *name)
{
	buf_printf(name, "%lld.%.*s.postrider", (long long)m->date, VIEW_FMT(m->name));
}

static void put_flags(struct folder_writer *w, const struct folder_message *m, struct buf *name)
{
	static const char order[] = "DFRST";
	bool letters[LETTERS] = {false};
	struct view rest = m->keywords, one;
	buf_append_string(name, ":2,");
	/* In the order of their letters, as the format asks for it. */
	for (size_t i = 0; order[i]; i++)
		for (size_t k = 0; k < sizeof folder_flags / sizeof folder_flags[0]; k++)
			if (folder_flags[k].maildir == order[i] && (m->flags & folder_flags[k].flag))
				buf_append_byte(name, order[i]);
	while (rest.len && view_next(&rest, ' ', &one)) {
		char letter = letter_of(w, one);
		if (letter)
			letters[letter - 'a'] = true;
		else
			w->lost_keywords++;
	}
	for (int i = 0; i < LETTERS; i++)
		if (letters[i])
			buf_append_byte(name, (char)('a' + i));
}

static void note(struct folder_writer *w, const struct folder_message *m, struct view base)
{
	buf_printf(&w->notes, "%u ", (unsigned)m->uid);
	if (m->uidl.len)
		buf_printf(&w->notes, "P%.*s ", VIEW_FMT(m->uidl));
	buf_printf(&w->notes, ":%.*s\n", VIEW_FMT(base));
}

static int rename_in(struct folder_writer *w, const char *from, const char *to_folder, const char *to)
{
	char old[NAME_MAX + 8], fresh[NAME_MAX + 8];
	snprintf(old, sizeof old, "%s", from);
	snprintf(fresh, sizeof fresh, "%s/%s", to_folder, to);
	return renameat(w->folder, old, w->folder, fresh) != 0 ? -errno : 0;
}

/* Whether a file is as long as its name says ("S=3000,W=3081"), and the message too: a power cut may have
 * left less of it. */
static bool is_whole(struct view name, uint64_t on_disk, uint64_t size)
{
	struct view part, rest = base_name(name);
	uint64_t says = UINT64_MAX, message = UINT64_MAX;
	while (rest.len && view_next(&rest, ',', &part)) {
		if (view_starts(part, VIEW("S=")))
			view_to_u64(view_skip(part, 2), UINT64_MAX, &says);
		if (view_starts(part, VIEW("W=")))
			view_to_u64(view_skip(part, 2), UINT64_MAX, &message);
	}
	return says == on_disk && message == size;
}

static bool has(struct folder_writer *w, const struct folder_message *m, uint64_t size)
{
	struct buf name;
	char old[NAME_MAX + 8];
	struct stat st;
	bool found = false;
	buf_init(&name, NAME_MAX);
	put_key(m, &name);
	const struct view *there = map_get(w->files, buf_view(&name));
	if (there) {
		snprintf(old, sizeof old, "cur/%s", there->data);
		buf_clear(&name);
		buf_append(&name, base_name(*there));
		put_flags(w, m, &name);
		found = !buf_failed(&name) && fstatat(w->folder, old, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		        S_ISREG(st.st_mode) && is_whole(*there, (uint64_t)st.st_size, size);
		if (found && !view_equal(*there, buf_view(&name)))
			found = rename_in(w, old, "cur", buf_string(&name)) == 0;
		if (found)
			note(w, m, base_name(*there));
		else
			unlinkat(w->folder, old, 0);
	}
	buf_done(&name);
	return found;
}

static int write_file(struct folder_writer *w, const char *name, const struct folder_message *m)
{
	char path[NAME_MAX + 8];
	struct timespec times[2] = {{.tv_sec = m->date}, {.tv_sec = m->date}};
	snprintf(path, sizeof path, "tmp/%s", name);
	int fd = openat(w->folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = folder_write_all(fd, buf_view(&w->text));
	if (error == 0 && futimens(fd, times) != 0)
		error = -errno;
	close(fd);
	if (error == 0)
		error = rename_in(w, path, "cur", name);
	if (error)
		unlinkat(w->folder, path, 0);
	return error;
}

static int put(struct folder_writer *w, const struct folder_message *m, struct view body)
{
	struct buf name;
	buf_init(&name, NAME_MAX);
	folder_give_text(&w->text, body);
	put_key(m, &name);
	buf_printf(&name, ",S=%zu,W=%zu", w->text.len, body.len);
	put_flags(w, m, &name);
	int error = buf_failed(&name) ? -ENAMETOOLONG : buf_failed(&w->text) ? -EFBIG : 0;
	if (error == 0)
		error = write_file(w, buf_string(&name), m);
	if (error == 0)
		note(w, m, base_name(buf_view(&name)));
	buf_done(&name);
	return error;
}

static void abandon(struct folder_writer *w)
{
	if (w->files) {
		map_done(w->files);
		mem_free(w->files);
	}
	w->files = NULL;
}

static int end(struct folder_writer *w)
{
	struct buf keywords;
	abandon(w);
	int error = buf_failed(&w->notes) ? -EFBIG
	                                  : folder_replace(w->folder, "dovecot-uidlist", buf_view(&w->notes));
	buf_init(&keywords, FOLDER_NOTES_MAX);
	for (size_t i = 0; i < w->keyword_count; i++)
		buf_printf(&keywords, "%u %.*s\n", (unsigned)i, VIEW_FMT(w->keywords[i]));
	if (error == 0 && w->keyword_count)
		error = folder_replace(w->folder, "dovecot-keywords", buf_view(&keywords));
	buf_done(&keywords);
	return error;
}

static int subscriptions(struct folder_writer *w)
{
	struct buf out;
	struct view rest = buf_view(&w->subscriptions), line, level;
	buf_init(&out, w->subscriptions.max * 2);
	buf_append_string(&out, "V\t2\n\n");
	while (rest.len && view_next(&rest, '\n', &line)) {
		bool first = true;
		while (view_next(&line, '/', &level)) {
			if (!first)
				buf_append_byte(&out, '\t');
			first = false;
			buf_append(&out, level);
		}
		buf_append_byte(&out, '\n');
	}
	int error = folder_replace(w->root, "subscriptions", buf_view(&out));
	buf_done(&out);
	return error;
}

const struct folder_format_writer maildir_writer = {begin, has, put, end, abandon, subscriptions};
