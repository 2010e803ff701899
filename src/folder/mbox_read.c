/*
 * mbox: messages one behind the other, each behind a "From " line. There is no standard but what programs do:
 * lines of the text that begin so are quoted with ">" (mboxo: those alone; mboxrd: those with ">" before them
 * too, so that nothing is lost), or not at all. So a separator is believed when an empty line stands before
 * it and a date in it. Content-Length is not believed: whoever changes a file by hand, or cuts it, forgets
 * it.
 *
 * What programs note of a message stands in its header, in fields that are theirs: Status, X-Status,
 * X-Keywords, X-UID, X-UIDL (UW IMAP, Dovecot, mutt), X-Mozilla-Status, X-Mozilla-Keys (Thunderbird). The
 * first one of each is taken out; a further one is the sender's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "folder/folder_private.h"
#include "format/date.h"
#include "format/header.h"

enum {
	PIECE = 256 * 1024,
	/* Behind this a line is taken in pieces; it is neither a separator nor a note. */
	LINE_MAX_OCTETS_READ = 1024 * 1024,
	SEPARATOR_MAX = 1024,
	NUMBER_SIZE = 24
};

enum note {
	NOTE_STATUS,
	NOTE_X_STATUS,
	NOTE_KEYWORDS,
	NOTE_UID,
	NOTE_UIDL,
	NOTE_IMAP,
	NOTE_IMAPBASE,
	NOTE_MOZILLA,
	NOTE_MOZILLA2,
	NOTE_MOZILLA_KEYS,
	NOTE_LENGTH,
	NOTES
};

static const char *const note_names[NOTES] = {"Status", "X-Status", "X-Keywords", "X-UID", "X-UIDL", "X-IMAP",
    "X-IMAPbase", "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys", "Content-Length"};

/* nsMsgMessageFlags: what Thunderbird's X-Mozilla-Status has of interest. */
enum {
	MOZILLA_READ = 0x1,
	MOZILLA_REPLIED = 0x2,
	MOZILLA_MARKED = 0x4,
	MOZILLA_EXPUNGED = 0x8,
	MOZILLA_FORWARDED = 0x1000
};

struct mbox_reader {
	struct folder_reader reader;
	int file;
	bool quoted_once; /* mboxo */
	struct buf in;    /* read from the file, and not taken yet */
	uint64_t taken, size;
	bool at_end;
	bool begun;    /* the next line is the separator of a message that is known to be there */
	int64_t date;  /* of that separator */
	int error;     /* of the file: everything behind it is lost */
	unsigned seen; /* notes that were taken out of this message: bits 1 << enum note */
	uint64_t number;
	char name[NUMBER_SIZE];
	char uidl[FOLDER_UIDL_MAX];
	struct buf keywords, message;
};

/* ---- lines ---- */

static int fill(struct mbox_reader *r)
{
	char *room = buf_reserve(&r->in, PIECE);
	if (room == NULL)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(r->file, room, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf_commit(&r->in, (size_t)n);
		r->at_end = n == 0;
		return 0;
	}
}

/* The next line with its end, as far as it is there; false at the end of the file, or when it cannot be read.
 */
static bool peek_line(struct mbox_reader *r, struct view *line)
{
	for (;;) {
		struct view in = buf_view(&r->in);
		ptrdiff_t at = view_find(in, '\n');
		if (at >= 0 || in.len >= LINE_MAX_OCTETS_READ || (r->at_end && in.len)) {
			*line = at >= 0 ? view_take(in, (size_t)at + 1) : in;
			return true;
		}
		if (r->at_end)
			return false;
		r->error = fill(r);
		if (r->error)
			return false;
	}
}

static void take_line(struct mbox_reader *r, struct view line)
{
	r->taken += line.len;
	buf_consume(&r->in, line.len);
}

static bool is_empty_line(struct view line)
{
	return view_equal(line, VIEW("\n")) || view_equal(line, VIEW("\r\n"));
}

/* ---- separators ---- */

static bool has_word(struct view *text, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (view_starts(*text, view_from_string(words[i])))
			return true;
	return false;
}

/* "Mon Oct  1 12:00:00 2018" and its like: it has the day, the month and a time, in this order. */
static bool looks_like_date(struct view text)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	if (!has_word(&text, days, sizeof days / sizeof days[0]))
		return false;
	text = view_skip(text, 3);
	while (text.len && (text.data[0] == ' ' || text.data[0] == ','))
		text = view_skip(text, 1);
	if (text.len && ascii_is_alpha(text.data[0]) &&
	    !has_word(&text, months, sizeof months / sizeof months[0]))
		return false;
	ptrdiff_t colon = view_find(text, ':');
	return colon > 0 && (size_t)colon + 1 < text.len && ascii_is_digit(text.data[colon - 1]) &&
	       ascii_is_digit(text.data[colon + 1]);
}

/* The year behind the zone ("Mon Oct 01 12:00:00 +0000 2018") is read where others have it. */
static int64_t read_date(struct view text)
{
	struct date date;
	struct buf turned;
	int64_t seconds = 0;
	if (date_parse(text, &date) == 0)
		return date.seconds;
	ptrdiff_t last = view_find_last(text, ' '), zone;
	struct view before = last > 0 ? view_take(text, (size_t)last) : (struct view){0};
	zone = view_find_last(before, ' ');
	if (zone <= 0)
		return 0;
	buf_init(&turned, 2 * SEPARATOR_MAX);
	buf_append(&turned, view_take(before, (size_t)zone));
	buf_append(&turned, view_skip(text, (size_t)last));
	buf_append(&turned, view_skip(before, (size_t)zone));
	if (date_parse(buf_view(&turned), &date) == 0)
		seconds = date.seconds;
	buf_done(&turned);
	return seconds;
}

/* Whether a line is a separator; *date: 0 when it cannot be read. */
static bool is_separator(struct view line, int64_t *date)
{
	if (!view_starts(line, VIEW("From ")) || line.len > SEPARATOR_MAX)
		return false;
	struct view rest = view_trim(view_skip(line, 5));
	*date = 0;
	/* The sender may have blanks, in quotes or not. */
	for (size_t i = 0; i + 3 < rest.len; i++) {
		struct view at = view_skip(rest, i);
		if ((i == 0 || rest.data[i - 1] == ' ') && looks_like_date(at)) {
			*date = read_date(at);
			return true;
		}
	}
	return false;
}

bool mbox_is_begun(int file)
{
	char first[8] = "";
	size_t n = 0;
	ssize_t got = pread(file, first, sizeof first, 0);
	while (got > 0 && n < (size_t)got && (first[n] == '\n' || first[n] == '\r'))
		n++;
	return got > 0 && view_starts(view_skip(view_of(first, (size_t)got), n > 2 ? 2 : n), VIEW("From "));
}

/* ---- notes ---- */

static void take_letters(struct folder_message *m, struct view letters)
{
	static const struct {
		char letter;
		uint64_t flag;
	} rows[] = {{'R', FLAG_SEEN}, {'A', FLAG_ANSWERED}, {'F', FLAG_FLAGGED}, {'T', FLAG_DRAFT},
	    {'D', FLAG_DELETED}};
	for (size_t i = 0; i < letters.len; i++)
		for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++)
			if (rows[k].letter == letters.data[i])
				m->flags |= rows[k].flag;
}

static void take_keywords(struct mbox_reader *r, struct view names)
{
	struct view one;
	while (names.len && view_next(&names, ' ', &one))
		folder_add_keyword(&r->keywords, view_trim(one));
}

/* False: the message was deleted there, and only its octets are left. */
static bool take_mozilla(struct mbox_reader *r, struct folder_message *m, struct view value)
{
	char hex[16] = "";
	memcpy(hex, value.data, value.len < sizeof hex - 1 ? value.len : sizeof hex - 1);
	unsigned long bits = strtoul(hex, NULL, 16);
	m->flags |= (bits & MOZILLA_READ ? FLAG_SEEN : 0) | (bits & MOZILLA_REPLIED ? FLAG_ANSWERED : 0) |
	            (bits & MOZILLA_MARKED ? FLAG_FLAGGED : 0);
	if (bits & MOZILLA_FORWARDED)
		folder_add_keyword(&r->keywords, VIEW("$Forwarded"));
	return !(bits & MOZILLA_EXPUNGED);
}

static bool take_note(struct mbox_reader *r, struct folder_message *m, enum note note, struct view value)
{
	uint64_t n;
	switch (note) {
	case NOTE_STATUS:
	case NOTE_X_STATUS:
		take_letters(m, value);
		break;
	case NOTE_KEYWORDS:
	case NOTE_MOZILLA_KEYS:
		take_keywords(r, value);
		break;
	case NOTE_UID:
		if (view_to_u64(value, UINT32_MAX, &n))
			m->uid = (uint32_t)n;
		break;
	case NOTE_UIDL:
		if (folder_is_uidl(value)) {
			memcpy(r->uidl, value.data, value.len);
			m->uidl = view_of(r->uidl, value.len);
		}
		break;
	case NOTE_IMAP: /* UW IMAP's first message, which is none */
		return false;
	case NOTE_MOZILLA:
		return take_mozilla(r, m, value);
	default:
		break;
	}
	return true;
}

/*
 * Takes the notes out of a header: what is left goes to `body`. False: this is no message of a person's.
 */
static bool take_notes(struct mbox_reader *r, struct folder_message *m, struct view text, struct buf *body)
{
	struct header_reader header = header_read(text);
	struct header_field field;
	size_t kept = 0;
	bool wanted = true;
	r->seen = 0;
	while (header_next(&header, &field)) {
		unsigned note = 0;
		while (note < NOTES && !view_equal_nocase(field.name, view_from_string(note_names[note])))
			note++;
		if (note == NOTES || (r->seen & 1u << note))
			continue;
		r->seen |= 1u << note;
		wanted = take_note(r, m, (enum note)note, view_trim(field.body)) && wanted;
		buf_append(body, view_take(view_skip(text, kept), field.offset - kept));
		kept = field.offset + field.len;
	}
	buf_append(body, view_skip(text, kept));
	m->keywords = buf_view(&r->keywords);
	return wanted;
}

/* ---- messages ---- */

/* A line of the text: one ">" goes where it was put before "From ". */
static struct view unquote(const struct mbox_reader *r, struct view line)
{
	size_t marks = 0;
	while (marks < line.len && line.data[marks] == '>')
		marks++;
	bool quoted = r->quoted_once ? marks == 1 : marks >= 1;
	return quoted && view_starts(view_skip(line, marks), VIEW("From ")) ? view_skip(line, 1) : line;
}

/* Looks for the first separator. False at the end of the file. */
static bool find_first(struct mbox_reader *r)
{
	struct view line;
	while (peek_line(r, &line)) {
		if (view_starts(line, VIEW("From "))) {
			if (!is_separator(line, &r->date))
				r->date = 0;
			r->begun = true;
			return true;
		}
		take_line(r, line);
	}
	return false;
}

/* The text up to the next separator, whose empty line is not part of it, unless it is what ends the header.
 */
static int take_text(struct mbox_reader *r)
{
	struct view line;
	bool empty = false, whole = true, too_long = false, header = true, after_empty = false;
	int64_t date;
	buf_clear(&r->message);
	r->begun = false;
	while (peek_line(r, &line)) {
		if (whole && after_empty && is_separator(line, &date)) {
			r->begun = true;
			r->date = date;
			break;
		}
		if (empty)
			buf_append(&r->message, VIEW("\r\n"));
		empty = whole && !header && is_empty_line(line);
		after_empty = whole && is_empty_line(line);
		header = header && !after_empty;
		if (!empty)
			folder_take_text(&r->message, whole ? unquote(r, line) : line);
		whole = line.data[line.len - 1] == '\n';
		if (r->message.len > FOLDER_MESSAGE_MAX || buf_failed(&r->message)) {
			too_long = true;
			buf_clear(&r->message);
		}
		take_line(r, line);
	}
	return r->error ? r->error : too_long ? -EFBIG : 0;
}

static int next(struct folder_reader *reader, struct folder_message *m, struct buf *body)
{
	struct mbox_reader *r = (struct mbox_reader *)reader;
	struct view line;
	for (;;) {
		if (r->error || (!r->begun && (r->at_end || !find_first(r))))
			return 0;
		*m = (struct folder_message){.date = r->date};
		snprintf(r->name, sizeof r->name, "message %llu", (unsigned long long)++r->number);
		m->name = view_from_string(r->name);
		peek_line(r, &line);
		take_line(r, line);
		buf_clear(&r->keywords);
		int error = take_text(r);
		if (error)
			return error;
		buf_clear(body);
		if (!take_notes(r, m, buf_view(&r->message), body))
			continue;
		if (m->date == 0)
			m->date = folder_message_date(buf_view(body));
		return buf_failed(body) ? -EFBIG : 1;
	}
}

static void progress(const struct folder_reader *reader, uint64_t *done, uint64_t *total)
{
	const struct mbox_reader *r = (const struct mbox_reader *)reader;
	*done = r->taken;
	*total = r->size;
}

static void close_reader(struct folder_reader *reader)
{
	struct mbox_reader *r = (struct mbox_reader *)reader;
	close(r->file);
	buf_done(&r->in);
	buf_done(&r->keywords);
	buf_done(&r->message);
	mem_free(r);
}

int mbox_reader_open(int file, bool quoted_once, struct folder_reader **out)
{
	struct mbox_reader *r = mem_alloc(sizeof *r);
	struct stat st;
	r->reader = (struct folder_reader){next, progress, close_reader};
	r->file = file;
	r->quoted_once = quoted_once;
	buf_init(&r->in, LINE_MAX_OCTETS_READ + 2 * PIECE);
	buf_init(&r->keywords, FOLDER_KEYWORDS_MAX * (MAIL_KEYWORD_MAX + 1));
	buf_init(&r->message, FOLDER_MESSAGE_MAX + 2 * LINE_MAX_OCTETS_READ);
	if (fstat(file, &st) != 0 || lseek(file, 0, SEEK_SET) != 0) {
		int error = -errno;
		close_reader(&r->reader);
		return error;
	}
	r->size = (uint64_t)st.st_size;
	*out = &r->reader;
	return 0;
}
