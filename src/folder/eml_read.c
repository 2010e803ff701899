/*
 * A folder of files that hold a message each, and beside them, if we wrote them, a file of notes: a line for
 * each message with its file's name, date, UID, UIDL, and flags, parted by tabs ("-": nothing).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "folder/folder_private.h"

const char eml_notes_name[] = "postrider-notes.tsv";

struct noted {
	struct view date, uid, uidl, flags;
};

struct eml_reader {
	struct folder_reader reader;
	int folder;
	struct folder_names names;
	size_t at;
	struct arena arena; /* of the notes */
	struct map notes;
	struct buf notes_text, keywords, raw;
};

static void read_notes(struct eml_reader *r)
{
	struct view rest, line, name;
	if (folder_read_file(r->folder, eml_notes_name, FOLDER_NOTES_MAX, &r->notes_text) != 0)
		return;
	rest = buf_view(&r->notes_text);
	while (rest.len && view_next(&rest, '\n', &line)) {
		struct noted *noted = arena_alloc(&r->arena, sizeof *noted);
		if (noted == NULL)
			return;
		if (view_next(&line, '\t', &name) && view_next(&line, '\t', &noted->date) &&
		    view_next(&line, '\t', &noted->uid) && view_next(&line, '\t', &noted->uidl) &&
		    view_next(&line, '\t', &noted->flags) && name.len)
			map_set(&r->notes, name, noted);
	}
}

static void take_noted(struct eml_reader *r, const struct noted *noted, struct folder_message *m)
{
	struct view rest = noted->flags, word;
	uint64_t n;
	if (view_to_u64(noted->date, INT64_MAX, &n))
		m->date = (int64_t)n;
	if (view_to_u64(noted->uid, UINT32_MAX, &n))
		m->uid = (uint32_t)n;
	if (folder_is_uidl(noted->uidl) && !view_equal(noted->uidl, VIEW("-")))
		m->uidl = noted->uidl;
	while (rest.len && view_next(&rest, ' ', &word)) {
		uint64_t flag = 0;
		for (size_t i = 0; i < sizeof folder_flags / sizeof folder_flags[0]; i++)
			if (view_equal_nocase(word, view_from_string(folder_flags[i].name)))
				flag = folder_flags[i].flag;
		m->flags |= flag;
		if (flag == 0 && !view_equal(word, VIEW("-")))
			folder_add_keyword(&r->keywords, word);
	}
}

static bool is_message(struct view name)
{
	return view_ends_nocase(name, VIEW(".eml"));
}

static int next(struct folder_reader *reader, struct folder_message *m, struct buf *body)
{
	struct eml_reader *r = (struct eml_reader *)reader;
	int64_t at = 0;
	while (r->at < r->names.count && !is_message(r->names.items[r->at]))
		r->at++;
	if (r->at == r->names.count)
		return 0;
	struct view name = r->names.items[r->at++];
	*m = (struct folder_message){.name = name};
	buf_clear(&r->keywords);
	buf_clear(&r->raw);
	int fd = folder_open_file(r->folder, name.data, NULL, &at);
	if (fd < 0)
		return fd;
	int error = folder_read_all(fd, FOLDER_MESSAGE_MAX, &r->raw);
	close(fd);
	if (error)
		return error;
	folder_take_text(body, buf_view(&r->raw));
	const struct noted *noted = map_get(&r->notes, name);
	if (noted)
		take_noted(r, noted, m);
	m->keywords = buf_view(&r->keywords);
	/* The file's own time is that of the program that wrote it out. */
	if (m->date == 0)
		m->date = folder_message_date(buf_view(body));
	if (m->date == 0)
		m->date = at > 0 ? at : 0;
	return buf_failed(body) ? -EFBIG : 1;
}

static void progress(const struct folder_reader *reader, uint64_t *done, uint64_t *total)
{
	const struct eml_reader *r = (const struct eml_reader *)reader;
	*done = r->at;
	*total = r->names.count;
}

static void close_reader(struct folder_reader *reader)
{
	struct eml_reader *r = (struct eml_reader *)reader;
	close(r->folder);
	folder_names_done(&r->names);
	map_done(&r->notes);
	arena_done(&r->arena);
	buf_done(&r->notes_text);
	buf_done(&r->keywords);
	buf_done(&r->raw);
	mem_free(r);
}

int eml_reader_open(int folder, struct folder_reader **out)
{
	struct eml_reader *r = mem_alloc(sizeof *r);
	r->reader = (struct folder_reader){next, progress, close_reader};
	r->folder = folder;
	map_init(&r->notes);
	arena_init(&r->arena, FOLDER_NOTES_MAX);
	buf_init(&r->notes_text, FOLDER_NOTES_MAX + 1024 * 1024);
	buf_init(&r->keywords, FOLDER_KEYWORDS_MAX * (MAIL_KEYWORD_MAX + 1));
	buf_init(&r->raw, FOLDER_MESSAGE_MAX + 1024 * 1024);
	int error = folder_names_read(folder, false, &r->names);
	if (error) {
		close_reader(&r->reader);
		return error;
	}
	read_notes(r);
	*out = &r->reader;
	return 0;
}
