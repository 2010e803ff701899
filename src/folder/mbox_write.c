/*
 * mbox as mboxrd: a file for each mailbox, written anew by each run and put in its place when it is whole.
 * Notes stand in fields before the message's own, all of them always, so that a sender's field of such a name
 * is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "folder/folder_private.h"

enum { WRITE_AT = 256 * 1024 };

static int begin(struct folder_writer *w, struct view path, uint32_t uidvalidity, uint32_t uidnext)
{
	w->folder = folder_make_parents(w->root, path, &w->name);
	if (w->folder < 0)
		return w->folder;
	buf_append_string(&w->name, ".mbox.new");
	if (buf_failed(&w->name))
		return -ENAMETOOLONG;
	w->file = openat(
	    w->folder, buf_string(&w->name), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	(void)uidvalidity;
	(void)uidnext;
	return w->file < 0 ? -errno : 0;
}

static bool has(struct folder_writer *w, const struct folder_message *m, uint64_t size)
{
	(void)w;
	(void)m;
	(void)size;
	return false;
}

static void put_notes(struct folder_writer *w, const struct folder_message *m)
{
	struct buf *out = &w->text;
	buf_append_string(out, m->flags & FLAG_SEEN ? "Status: RO\nX-Status: " : "Status: O\nX-Status: ");
	if (m->flags & FLAG_ANSWERED)
		buf_append_byte(out, 'A');
	if (m->flags & FLAG_FLAGGED)
		buf_append_byte(out, 'F');
	if (m->flags & FLAG_DRAFT)
		buf_append_byte(out, 'T');
	if (m->flags & FLAG_DELETED)
		buf_append_byte(out, 'D');
	buf_printf(out, "\nX-Keywords: %.*s\nX-UID: %u\nX-UIDL: %.*s\n", VIEW_FMT(m->keywords),
	    (unsigned)m->uid, VIEW_FMT(m->uidl));
}

/* Whether the next line, of which this is the rest of the text, has to be quoted. */
static bool must_quote(struct view text)
{
	while (text.len && text.data[0] == '>')
		text = view_skip(text, 1);
	return view_starts(text, VIEW("From "));
}

static int put(struct folder_writer *w, const struct folder_message *m, struct view body)
{
	time_t when = (time_t)m->date;
	struct tm utc;
	char line[64];
	if (gmtime_r(&when, &utc) == NULL || strftime(line, sizeof line, "%a %b %e %H:%M:%S %Y", &utc) == 0)
		return -EINVAL;
	buf_printf(&w->text, "From MAILER-DAEMON %s\n", line);
	put_notes(w, m);
	while (body.len) {
		ptrdiff_t at = view_find(body, '\n');
		size_t len = at < 0 ? body.len : (size_t)at + 1;
		if (must_quote(body))
			buf_append_byte(&w->text, '>');
		folder_give_text(&w->text, view_take(body, len));
		body = view_skip(body, len);
		if (at < 0)
			buf_append_byte(&w->text, '\n');
	}
	buf_append_byte(&w->text, '\n');
	if (buf_failed(&w->text))
		return -EFBIG;
	/* Small ones go out together. */
	buf_append(&w->notes, buf_view(&w->text));
	int error = buf_failed(&w->notes) ? -EFBIG : 0;
	if (error == 0 && w->notes.len >= WRITE_AT) {
		error = folder_write_all(w->file, buf_view(&w->notes));
		buf_clear(&w->notes);
	}
	return error;
}

static int end(struct folder_writer *w)
{
	char whole[NAME_MAX + 1];
	int error = folder_write_all(w->file, buf_view(&w->notes));
	if (error == 0 && fsync(w->file) != 0)
		error = -errno;
	snprintf(whole, sizeof whole, "%.*s", (int)(w->name.len - 4), buf_view(&w->name).data);
	if (error == 0 && renameat(w->folder, buf_string(&w->name), w->folder, whole) != 0)
		error = -errno;
	if (error)
		unlinkat(w->folder, buf_string(&w->name), 0);
	return error;
}

static void abandon(struct folder_writer *w)
{
	unlinkat(w->folder, buf_string(&w->name), 0);
}

const struct folder_format_writer mbox_writer = {begin, has, put, end, abandon, NULL};
