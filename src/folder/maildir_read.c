/*
 * Maildir: a file for each message, its flags in its name (https://cr.yp.to/proto/maildir.html, and Dovecot's
 * and Courier's notes beside the files: dovecot-uidlist, dovecot-keywords, subscriptions).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "folder/folder_private.h"

enum { LETTERS = 26 };

/* What dovecot-uidlist notes of a message, by its file's name without flags. */
struct noted {
	uint32_t uid;
	struct view uidl;
};

struct maildir_file {
	struct view name; /* whole, NUL-terminated */
	const struct noted *noted;
	bool is_new;
};

struct maildir_reader {
	struct folder_reader reader;
	int folder, current, fresh; /* the Maildir, its cur and its new */
	struct folder_names names[2];
	struct maildir_file *files;
	size_t count, at;
	struct arena arena; /* of the notes */
	struct map notes;
	struct buf notes_text, keywords_text, keywords;
	uint32_t uidvalidity;
	struct view letters[LETTERS]; /* names of keywords */
	char uidl[24];
};

/* ---- names of files ---- */

static struct view base_name(struct view name)
{
	ptrdiff_t colon = view_find(name, ':');
	/* What a file system that knows no colon gets instead of it. */
	if (colon < 0)
		colon = view_find(name, ';');
	return colon < 0 ? name : view_take(name, (size_t)colon);
}

static void take_flags(struct maildir_reader *r, struct view name, struct folder_message *m)
{
	struct view info = view_skip(name, base_name(name).len + 1);
	if (!view_starts(info, VIEW("2,")))
		return;
	for (size_t i = 2; i < info.len && info.data[i] != ','; i++) {
		char c = info.data[i];
		for (size_t k = 0; k < sizeof folder_flags / sizeof folder_flags[0]; k++)
			if (folder_flags[k].maildir == c)
				m->flags |= folder_flags[k].flag;
		if (c == 'P')
			folder_add_keyword(&r->keywords, VIEW("$Forwarded"));
		if (c >= 'a' && c <= 'z')
			folder_add_keyword(&r->keywords, r->letters[c - 'a']);
	}
}

/* ---- notes ---- */

/* "0 $Forwarded": the letter's number, and its keyword. */
static void read_keywords(struct maildir_reader *r)
{
	struct view rest, line, number;
	if (folder_read_file(r->folder, "dovecot-keywords", FOLDER_NOTES_MAX, &r->keywords_text) != 0)
		return;
	rest = buf_view(&r->keywords_text);
	while (rest.len && view_next(&rest, '\n', &line)) {
		uint64_t n;
		if (view_next(&line, ' ', &number) && view_to_u64(number, LETTERS - 1, &n))
			r->letters[n] = view_trim(line);
	}
}

/* "3 V1275660208 N25022 G...": version 3, UIDVALIDITY. Version 1: "1 1275660208 25022". */
static bool read_uidlist_head(struct maildir_reader *r, struct view line, unsigned *version)
{
	struct view word;
	uint64_t n;
	if (!view_next(&line, ' ', &word) || !view_to_u64(word, 3, &n) || n == 0 || n == 2)
		return false;
	*version = (unsigned)n;
	while (line.len && view_next(&line, ' ', &word)) {
		bool named = word.len && word.data[0] == 'V';
		if ((named || n == 1) && r->uidvalidity == 0 &&
		    view_to_u64(view_skip(word, named), UINT32_MAX, &n))
			r->uidvalidity = (uint32_t)n;
		n = *version;
	}
	return true;
}

/* "25006 W3081 Pabc :1276528487.M364837P9451.host,S=3000": UID, extensions, and the file behind the colon. */
static bool read_uidlist_line(struct maildir_reader *r, struct view line, unsigned version)
{
	struct view word, uidl = {0};
	uint64_t uid;
	if (!view_next(&line, ' ', &word) || !view_to_u64(word, UINT32_MAX, &uid) || uid == 0)
		return true;
	while (version == 3 && line.len && line.data[0] != ':' && view_next(&line, ' ', &word))
		if (word.len > 1 && word.data[0] == 'P')
			uidl = view_skip(word, 1);
	struct view name = base_name(version == 3 ? view_skip(line, 1) : line);
	struct noted *noted = arena_alloc(&r->arena, sizeof *noted);
	if (noted == NULL)
		return false;
	*noted = (struct noted){.uid = (uint32_t)uid, .uidl = folder_is_uidl(uidl) ? uidl : (struct view){0}};
	if (name.len)
		map_set(&r->notes, name, noted);
	return true;
}

static void read_uidlist(struct maildir_reader *r)
{
	struct view rest, line;
	unsigned version = 0;
	if (folder_read_file(r->folder, "dovecot-uidlist", FOLDER_NOTES_MAX, &r->notes_text) != 0)
		return;
	rest = buf_view(&r->notes_text);
	if (!view_next(&rest, '\n', &line) || !read_uidlist_head(r, line, &version))
		return;
	while (rest.len && view_next(&rest, '\n', &line) && read_uidlist_line(r, line, version))
		;
}

/* ---- the list ---- */

/* By UID; those without one behind, by name, which begins with the time. */
static int compare_files(const void *a, const void *b)
{
	const struct maildir_file *x = a, *y = b;
	uint32_t first = x->noted ? x->noted->uid : UINT32_MAX,
	         second = y->noted ? y->noted->uid : UINT32_MAX;
	if (first != second)
		return first < second ? -1 : 1;
	return view_compare(x->name, y->name);
}

static int list(struct maildir_reader *r)
{
	const int folders[] = {r->current, r->fresh};
	for (int i = 0; i < 2; i++) {
		int error = folders[i] < 0 ? 0 : folder_names_read(folders[i], false, &r->names[i]);
		if (error)
			return error;
	}
	size_t room = r->names[0].count + r->names[1].count;
	r->files = mem_array(room ? room : 1, sizeof *r->files);
	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < r->names[i].count; k++) {
			struct view name = r->names[i].items[k];
			r->files[r->count++] = (struct maildir_file){
			    .name = name, .noted = map_get(&r->notes, base_name(name)), .is_new = i == 1};
		}
	if (r->count)
		qsort(r->files, r->count, sizeof *r->files, compare_files);
	return 0;
}

/* ---- reading ---- */

static int read_body(int fd, struct buf *body)
{
	struct buf raw;
	buf_init(&raw, FOLDER_MESSAGE_MAX + 1024 * 1024);
	int error = folder_read_all(fd, FOLDER_MESSAGE_MAX, &raw);
	if (error == 0)
		folder_take_text(body, buf_view(&raw));
	buf_done(&raw);
	return error ? error : buf_failed(body) ? -EFBIG : 0;
}

static int next(struct folder_reader *reader, struct folder_message *m, struct buf *body)
{
	struct maildir_reader *r = (struct maildir_reader *)reader;
	int64_t at = 0;
	if (r->at == r->count)
		return 0;
	const struct maildir_file *file = &r->files[r->at++];
	buf_clear(&r->keywords);
	*m = (struct folder_message){.name = base_name(file->name)};
	take_flags(r, file->name, m);
	m->keywords = buf_view(&r->keywords);
	if (file->noted) {
		m->uid = file->noted->uid;
		m->uidl = file->noted->uidl;
		/* What Dovecot tells where nothing else is noted: pop3_uidl_format = %08Xu%08Xv. */
		if (m->uidl.len == 0 && r->uidvalidity) {
			snprintf(
			    r->uidl, sizeof r->uidl, "%08x%08x", (unsigned)m->uid, (unsigned)r->uidvalidity);
			m->uidl = view_from_string(r->uidl);
		}
	}
	int fd = folder_open_file(file->is_new ? r->fresh : r->current, file->name.data, NULL, &at);
	if (fd < 0)
		return fd;
	m->date = at > 0 ? at : 0;
	int error = read_body(fd, body);
	close(fd);
	return error ? error : 1;
}

static void progress(const struct folder_reader *reader, uint64_t *done, uint64_t *total)
{
	const struct maildir_reader *r = (const struct maildir_reader *)reader;
	*done = r->at;
	*total = r->count;
}

static void close_reader(struct folder_reader *reader)
{
	struct maildir_reader *r = (struct maildir_reader *)reader;
	if (r->fresh >= 0)
		close(r->fresh);
	if (r->current >= 0)
		close(r->current);
	close(r->folder);
	for (int i = 0; i < 2; i++)
		folder_names_done(&r->names[i]);
	map_done(&r->notes);
	arena_done(&r->arena);
	buf_done(&r->notes_text);
	buf_done(&r->keywords_text);
	buf_done(&r->keywords);
	mem_free(r->files);
	mem_free(r);
}

int maildir_reader_open(int folder, struct folder_reader **out)
{
	struct maildir_reader *r = mem_alloc(sizeof *r);
	r->reader = (struct folder_reader){next, progress, close_reader};
	r->folder = folder;
	r->current = folder_open_folder(folder, "cur");
	r->fresh = folder_open_folder(folder, "new");
	map_init(&r->notes);
	arena_init(&r->arena, FOLDER_NOTES_MAX);
	buf_init(&r->notes_text, FOLDER_NOTES_MAX + 1024 * 1024);
	buf_init(&r->keywords_text, FOLDER_NOTES_MAX + 1024 * 1024);
	buf_init(&r->keywords, FOLDER_KEYWORDS_MAX * (MAIL_KEYWORD_MAX + 1));
	int error = r->current < 0 ? r->current : 0;
	if (error == 0) {
		read_keywords(r);
		read_uidlist(r);
		error = list(r);
	}
	if (error)
		close_reader(&r->reader);
	else
		*out = &r->reader;
	return error;
}

/* ---- subscriptions ---- */

/* Dovecot's: a name on each line; from version 2 on ("V\t2") levels are parted by tabs. */
static void take_dovecot(struct view rest, void (*subscribed)(void *, struct view), void *arg)
{
	struct view line, level;
	struct buf path;
	bool tabs = view_starts(rest, VIEW("V\t"));
	buf_init(&path, FOLDER_PATH_MAX);
	if (tabs)
		view_next(&rest, '\n', &line);
	while (rest.len && view_next(&rest, '\n', &line)) {
		buf_clear(&path);
		while (line.len && view_next(&line, tabs ? '\t' : '.', &level)) {
			if (path.len)
				buf_append_byte(&path, '/');
			folder_level_from_file(&path, level);
		}
		if (path.len && !buf_failed(&path))
			subscribed(arg, buf_view(&path));
	}
	buf_done(&path);
}

/* Courier's: "INBOX.Work.2024". */
static void take_courier(struct view rest, void (*subscribed)(void *, struct view), void *arg)
{
	struct view line;
	struct buf path;
	buf_init(&path, FOLDER_PATH_MAX);
	while (rest.len && view_next(&rest, '\n', &line)) {
		buf_clear(&path);
		if (view_starts_nocase(line, VIEW("INBOX.")))
			line = view_skip(line, 6);
		if (line.len && maildir_name_decode(&path, line) == 0)
			subscribed(arg, buf_view(&path));
	}
	buf_done(&path);
}

int maildir_read_subscriptions(int root, void (*subscribed)(void *, struct view), void *arg)
{
	struct buf text;
	buf_init(&text, FOLDER_NOTES_MAX + 1024 * 1024);
	int error = folder_read_file(root, "subscriptions", FOLDER_NOTES_MAX, &text);
	if (error == 0) {
		take_dovecot(buf_view(&text), subscribed, arg);
	} else if (error == -ENOENT) {
		error = folder_read_file(root, "courierimapsubscribed", FOLDER_NOTES_MAX, &text);
		if (error == 0)
			take_courier(buf_view(&text), subscribed, arg);
	}
	buf_done(&text);
	return error;
}
