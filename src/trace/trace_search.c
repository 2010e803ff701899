/*
 * Two readings of the files. The first, newest day first, finds the ids of messages that fit; the second
 * collects every line of these, oldest day first. A line may name a further message (the report that was
 * sent, or what a report is about): then the second reading is done again with that one as well. Whatever the
 * files hold, memory stays within TRACE_OUTPUT_MAX and a few MB.
 */
#include "trace/trace_search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log_line.h"
#include "base/map.h"
#include "base/mem.h"
#include "trace/trace_match.h"
#include "trace/trace_waits.h"
#include "trace/trace_write.h"

enum {
	BLOCK = 1 << 20, /* what is read at once */
	STAMP_LEN = TRACE_STAMP_LEN,
	ID_LEN_MAX = 64,    /* longer ones are no ids of ours */
	DAYS_MAX = 10000,   /* files that are looked at */
	LINES_MAX = 200000, /* lines that are collected; TRACE_OUTPUT_MAX is usually reached before */
	LINKED_MAX = 4000,  /* further messages that lines lead to */
	ROUNDS_MAX = 4      /* a message, its report; or a report, its message, another report */
};

struct line {
	struct line *next; /* of the same message */
	size_t offset, len;
};

struct found {
	struct found *next, *parent; /* parent: the message that this report is about */
	char id[ID_LEN_MAX];
	size_t id_len;
	struct line *first, *last;
	size_t number;    /* of its first line, among all */
	bool has_subject; /* that is looked for */
};

struct search {
	const struct trace_query *query;
	int folder;
	char (*days)[TRACE_DAY_LEN + 1]; /* newest first */
	size_t day_count;
	struct trace_match match;
	unsigned limit, shown;
	bool both; /* a text and a subject are looked for */

	struct arena arena;
	struct map ids;            /* id -> struct found */
	struct found *all, *spare; /* newest first, while they are being found */
	size_t found_count, linked;
	struct trace_waits waits;
	struct buf text;
	size_t lines;
	bool probing; /* enough were found: one more is of interest only for being there */
	bool again, more, cut;
};

/* ---- the files ---- */

static int newest_first(const void *a, const void *b)
{
	return strcmp(b, a);
}

static int list_days(struct search *s)
{
	int fd = openat(s->folder, TRACE_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	DIR *folder = fdopendir(fd);
	if (folder == NULL) {
		close(fd);
		return -ENOMEM;
	}
	struct dirent *entry;
	s->days = mem_array(DAYS_MAX, sizeof s->days[0]);
	while ((entry = readdir(folder)) != NULL && s->day_count < DAYS_MAX)
		if (trace_day_name(entry->d_name))
			memcpy(s->days[s->day_count++], entry->d_name, TRACE_DAY_LEN + 1);
	closedir(folder);
	qsort(s->days, s->day_count, sizeof s->days[0], newest_first);
	if (s->query->days && s->day_count > s->query->days)
		s->day_count = s->query->days;
	return s->day_count ? 0 : -ENOENT;
}

static bool stopped(const struct search *s)
{
	return s->query->stop && atomic_load(s->query->stop);
}

/* Whole lines of one file, many at a time; what stands behind the last line end is torn, or still being
 * written. */
static int read_day(struct search *s, const char *day, void (*take)(struct search *, struct view lines))
{
	char path[sizeof TRACE_FOLDER + TRACE_DAY_LEN + 1] = TRACE_FOLDER "/";
	memcpy(path + sizeof TRACE_FOLDER, day, TRACE_DAY_LEN + 1);
	int fd = openat(s->folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* it has just become too old */
	char *block = mem_alloc(BLOCK);
	size_t len = 0;
	int error = 0;
	for (;;) {
		ssize_t n = read(fd, block + len, BLOCK - len);
		if (n <= 0 || stopped(s)) {
			error = n < 0 ? -errno : n > 0 ? -ECANCELED : 0;
			break;
		}
		len += (size_t)n;
		ptrdiff_t end = view_find_last(view_of(block, len), '\n');
		if (end >= 0)
			take(s, view_of(block, (size_t)end + 1));
		/* No line of ours is as long as a block. */
		size_t used = end >= 0 ? (size_t)end + 1 : len == BLOCK ? len : 0;
		memmove(block, block + used, len - used);
		len -= used;
	}
	mem_free(block);
	close(fd);
	return error;
}

/* ---- lines ---- */

/* The id and what follows it: the event's name and its fields. */
static bool split_line(struct view line, struct view *id, struct view *rest)
{
	if (line.len <= STAMP_LEN + 1 || line.data[STAMP_LEN] != ' ')
		return false;
	*rest = view_skip(line, STAMP_LEN + 1);
	return view_next(rest, ' ', id) && id->len > 0 && id->len <= ID_LEN_MAX;
}

/* The text of a field; "" if there is none. */
static void field_text(struct view fields, const char *wanted, struct buf *out)
{
	struct view key, value;
	buf_clear(out);
	while (log_field_next(&fields, &key, &value)) {
		if (view_equal(key, view_from_string(wanted))) {
			log_value_append(value, out);
			return;
		}
	}
}

/* ---- the first reading: which messages ---- */

static struct view id_of(const struct found *f)
{
	return view_of(f->id, f->id_len);
}

static struct found *add_found(struct search *s, struct view id)
{
	struct found *f = s->spare ? s->spare : arena_alloc(&s->arena, sizeof *f);
	if (f == NULL) {
		s->cut = true;
		return NULL;
	}
	s->spare = NULL;
	*f = (struct found){.next = s->all, .id_len = id.len};
	memcpy(f->id, id.data, id.len);
	s->all = f;
	map_set(&s->ids, id, f);
	return f;
}

/*
 * The newest ones are wanted and a file has the oldest first: once there are too many, the oldest one of this
 * file gives way, which is the last of those without a number.
 */
static void keep_newest(struct search *s, struct view id)
{
	if (map_get(&s->ids, id) != NULL)
		return;
	if (s->probing) {
		s->more = true;
		return;
	}
	if (add_found(s, id) == NULL || ++s->found_count <= s->limit)
		return;
	struct found **oldest = &s->all;
	while ((*oldest)->next && (*oldest)->next->number == 0)
		oldest = &(*oldest)->next;
	s->spare = *oldest;
	*oldest = s->spare->next;
	map_remove(&s->ids, id_of(s->spare));
	s->found_count--;
	s->more = true;
}

static void take_fitting(struct search *s, struct view lines)
{
	char *lower = mem_alloc(lines.len);
	struct view needle = buf_view(&s->match.needle);
	for (size_t i = 0; i < lines.len; i++)
		lower[i] = ascii_lower(lines.data[i]);
	size_t at = 0;
	const char *hit;
	while (
	    at < lines.len && (hit = memmem(lower + at, lines.len - at, needle.data, needle.len)) != NULL) {
		size_t offset = (size_t)(hit - lower);
		ptrdiff_t before = view_find_last(view_take(lines, offset), '\n');
		struct view line = view_skip(lines, (size_t)(before + 1)), id, fields;
		line = view_take(line, (size_t)view_find(line, '\n'));
		if (split_line(line, &id, &fields) &&
		    trace_match_line(&s->match, view_take(line, STAMP_LEN), fields))
			keep_newest(s, id);
		at = (size_t)(line.data - lines.data) + line.len + 1;
	}
	mem_free(lower);
}

static int find_messages(struct search *s)
{
	int error = 0;
	for (size_t i = 0; i < s->day_count && error == 0 && !s->more; i++) {
		if (trace_match_day(&s->match, s->days[i]) != 0)
			continue;
		s->probing = s->found_count == s->limit;
		error = read_day(s, s->days[i], take_fitting);
		for (struct found *f = s->all; f; f = f->next)
			f->number = 1;
	}
	return error;
}

/* ---- the second reading: all their lines ---- */

static void link_to(struct search *s, struct view id, struct found *parent, struct found *child)
{
	struct found *other = id.len && id.len <= ID_LEN_MAX ? map_get(&s->ids, id) : NULL;
	if (id.len == 0 || id.len > ID_LEN_MAX)
		return;
	if (other == NULL) {
		if (s->linked == LINKED_MAX || (other = add_found(s, id)) == NULL) {
			s->cut = true;
			return;
		}
		s->linked++;
		s->again = true;
	}
	if (parent && parent != other && other->parent == NULL)
		other->parent = parent;
	if (child && child != other && child->parent == NULL)
		child->parent = other;
}

static void follow_links(struct search *s, struct found *f, struct view rest)
{
	struct view event;
	struct buf id;
	if (!view_next(&rest, ' ', &event))
		return;
	buf_init(&id, LOG_LINE_MAX);
	if (view_equal(event, view_from_string(trace_kind_name(TRACE_NOTIFIED)))) {
		field_text(rest, "dsn", &id);
		link_to(s, buf_view(&id), f, NULL);
	} else if (view_equal(event, view_from_string(trace_kind_name(TRACE_ACCEPTED)))) {
		field_text(rest, "about", &id);
		if (buf_view(&id).len == 0)
			field_text(rest, "submission", &id);
		link_to(s, buf_view(&id), NULL, f);
		/* What its session was refused stands under the session's id. */
		field_text(rest, "refused", &id);
		if (buf_view(&id).len > 0) {
			field_text(rest, "session", &id);
			link_to(s, buf_view(&id), f, NULL);
		}
	} else if (view_equal(event, view_from_string(trace_kind_name(TRACE_SUBMITTED)))) {
		field_text(rest, "as", &id);
		link_to(s, buf_view(&id), f, NULL);
	}
	buf_done(&id);
}

/* Under the message's own id: an attempt is one of each message that waited. */
static bool append_line(struct search *s, const struct found *f, struct view line, struct view rest)
{
	return buf_append(&s->text, view_take(line, STAMP_LEN)) == 0 && buf_append_byte(&s->text, ' ') == 0 &&
	       buf_append(&s->text, id_of(f)) == 0 && buf_append_byte(&s->text, ' ') == 0 &&
	       buf_append(&s->text, rest) == 0 && buf_append_byte(&s->text, '\n') == 0;
}

static void keep_line(struct search *s, struct found *f, struct view line, struct view rest)
{
	struct line *l = s->lines < LINES_MAX ? arena_alloc(&s->arena, sizeof *l) : NULL;
	size_t offset = s->text.len;
	if (l == NULL || !append_line(s, f, line, rest)) {
		buf_truncate(&s->text, offset);
		s->cut = true;
		return;
	}
	*l = (struct line){.offset = offset, .len = s->text.len - offset};
	if (f->last)
		f->last->next = l;
	else
		f->first = l;
	if (f->last == NULL)
		f->number = s->lines;
	f->last = l;
	s->lines++;
}

struct attempt {
	struct search *search;
	struct view line, rest;
};

static void keep_attempt(void *arg, void *message)
{
	const struct attempt *a = arg;
	keep_line(a->search, message, a->line, a->rest);
}

static void take_attempt(struct search *s, struct view line, struct view rest)
{
	struct attempt a = {.search = s, .line = line, .rest = rest};
	struct view event;
	struct buf name;
	if (!view_next(&rest, ' ', &event) || trace_kind_by_name(event) != TRACE_ATTEMPT)
		return;
	buf_init(&name, LOG_LINE_MAX);
	field_text(rest, "destination", &name);
	trace_waits_each(&s->waits, buf_view(&name), keep_attempt, &a);
	buf_done(&name);
}

static void follow_waits(struct search *s, struct found *f, struct view rest)
{
	struct view event;
	if (view_next(&rest, ' ', &event))
		trace_waits_follow(&s->waits, f, trace_kind_by_name(event), rest);
}

static void take_lines(struct search *s, struct view lines)
{
	struct view line, id, rest;
	while (view_next(&lines, '\n', &line)) {
		if (!split_line(line, &id, &rest))
			continue;
		if (view_equal(id, VIEW("-"))) {
			take_attempt(s, line, rest);
			continue;
		}
		struct found *f = map_get(&s->ids, id);
		if (f == NULL)
			continue;
		f->has_subject = f->has_subject || (s->both && trace_match_subject(&s->match, rest));
		keep_line(s, f, line, rest);
		follow_links(s, f, rest);
		follow_waits(s, f, rest);
	}
}

static int collect_lines(struct search *s)
{
	int error = 0;
	s->again = true;
	for (int round = 0; s->again && round < ROUNDS_MAX && error == 0; round++) {
		s->again = s->cut = false;
		s->lines = 0;
		buf_clear(&s->text);
		for (struct found *f = s->all; f; f = f->next)
			f->first = f->last = NULL;
		trace_waits_init(&s->waits, &s->arena);
		for (size_t i = s->day_count; i > 0 && error == 0; i--)
			error = read_day(s, s->days[i - 1], take_lines);
		trace_waits_done(&s->waits);
	}
	return error;
}

/* ---- the answer ---- */

static void put_group(struct search *s, const struct found *f, struct buf *out, struct trace_result *result)
{
	size_t before = out->len;
	for (const struct line *l = f->first; l; l = l->next)
		buf_append(out, view_take(view_skip(buf_view(&s->text), l->offset), l->len));
	if (buf_append_byte(out, '\n') != 0) {
		buf_truncate(out, before);
		result->cut = true;
		return;
	}
	result->messages++;
}

static bool is_root(const struct found *f)
{
	return f->first && (f->parent == NULL || f->parent->first == NULL || f->parent->parent == f);
}

static int by_age(const void *a, const void *b)
{
	const struct found *x = *(struct found *const *)a, *y = *(struct found *const *)b;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Newest message first; behind each the reports about it. */
static void put_groups(struct search *s, struct buf *out, struct trace_result *result)
{
	size_t count = 0;
	for (struct found *f = s->all; f; f = f->next)
		count++;
	struct found **order = mem_array(count, sizeof order[0]);
	count = 0;
	for (struct found *f = s->all; f; f = f->next)
		if (f->first)
			order[count++] = f;
	qsort(order, count, sizeof order[0], by_age);
	for (size_t i = count; i > 0; i--) {
		if (!is_root(order[i - 1]) || (s->both && !order[i - 1]->has_subject))
			continue;
		if (s->both && ++s->shown > s->limit) {
			s->more = true;
			break;
		}
		put_group(s, order[i - 1], out, result);
		for (size_t k = 0; k < count; k++)
			if (order[k]->parent == order[i - 1] && !is_root(order[k]))
				put_group(s, order[k], out, result);
	}
	mem_free(order);
}

/* ---- the question ---- */

static bool could_be_id(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.data[i]) && text.data[i] != '-' && text.data[i] != '_')
			return false;
	return text.len > 0 && text.len <= ID_LEN_MAX;
}

static int run(struct search *s, struct view text)
{
	int error = list_days(s);
	/* It may be a message's id, or a session's that messages came in; or both, where some were refused.
	 */
	struct found *f = error == 0 && could_be_id(text) ? add_found(s, text) : NULL;
	if (f)
		f->number = 1; /* it gives way to no other */
	if (error == 0)
		error = find_messages(s);
	if (error == 0 && s->all)
		error = collect_lines(s);
	return error;
}

int trace_search(int folder, const struct trace_query *query, struct buf *out, struct trace_result *result)
{
	struct search s = {.query = query, .folder = folder};
	struct view text = view_trim(query->text);
	if (text.len > 1 && text.data[0] == '<' && text.data[text.len - 1] == '>')
		text = view_take(view_skip(text, 1), text.len - 2);
	*result = (struct trace_result){0};
	if (!trace_match_init(&s.match, query, text)) {
		trace_match_done(&s.match);
		return 0;
	}
	s.limit = query->limit == 0                ? TRACE_LIMIT
	          : query->limit > TRACE_LIMIT_MAX ? TRACE_LIMIT_MAX
	                                           : query->limit;
	s.both = text.len > 0 && query->subject.len > 0;
	buf_init(&s.text, TRACE_OUTPUT_MAX);
	arena_init(&s.arena, 64 << 20);
	map_init(&s.ids);
	unsigned limit = s.limit;
	/* Only then is known which of them have the subject. */
	s.limit = s.both ? TRACE_LIMIT_MAX : limit;
	int error = run(&s, text);
	s.limit = limit;
	if (error == 0) {
		put_groups(&s, out, result);
		result->more = s.more;
		result->cut = result->cut || s.cut;
	}
	map_done(&s.ids);
	arena_done(&s.arena);
	trace_match_done(&s.match);
	buf_done(&s.text);
	mem_free(s.days);
	return error;
}
