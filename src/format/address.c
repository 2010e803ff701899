/*
 * Address lists of header fields, RFC 5322 sections 3.4 and 4.4. The reader gathers words until a special
 *tells what they were: "<" a display name, ":" a group's name, "@" a local part, "," or ";" an address
 *without domain.
 *
 *	address      = mailbox / group
 *	mailbox      = [display-name] "<" [obs-route] addr-spec ">" / addr-spec
 *	group        = display-name ":" [group-list] ";"
 *	addr-spec    = local-part "@" domain
 *	obs-route    = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":"
 */
#include "format/address.h"

#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "format/lex.h"
#include "format/limits.h"

enum { SOFT_SPACE = '\0' }; /* no word holds a NUL: the lexer leaves them out */

struct reader {
	struct cursor in;
	struct arena *arena;
	struct address_list *list;
	struct address *items; /* grown here, and copied to the arena when their number is known */
	size_t capacity, max;
	int error;
	bool in_group;
	/*
	 * The words of the address being read, with one space where blanks or comments stood. The last run is
	 * the part without blanks, dots joining over them (obs-local-part): it becomes the local part if "@"
	 * follows. A blank after a joining dot is kept as SOFT_SPACE: "J. Doe" is a name with a space, "a.
	 * b@c" has none.
	 */
	struct buf words;
	size_t run;
	struct view comment; /* the last one met */
	bool quoted;         /* a quoted string is among them, perhaps an empty one */
	bool after_dot;      /* the last of them was a dot outside quotes */
	bool stray_dot;      /* such a dot joins nothing: "a..b", ".a" */
	bool after_mailbox;  /* one was read, and no separator since */
	/* Up to here it is known whether what stands outside brackets is the name of the mailbox in them. */
	const char *judged_until;
	bool is_name;
};

static void add(struct reader *r, struct address address)
{
	struct address_list *list = r->list;
	/* The end of a group always fits, so that lists stay balanced. */
	if (list->count >= r->max && address.kind != ADDRESS_GROUP_END) {
		list->cut = true;
		return;
	}
	if (list->count == r->capacity) {
		r->capacity = r->capacity ? r->capacity * 2 : 4;
		r->items = mem_resize(r->items, r->capacity * sizeof *r->items);
	}
	r->items[list->count++] = address;
}

static struct view keep(struct reader *r, struct view v)
{
	struct view copy = {0};
	if (v.len && !arena_copy(r->arena, v, &copy))
		r->error = -ENOBUFS;
	return copy;
}

static void forget_words(struct reader *r)
{
	if (buf_failed(&r->words))
		r->list->cut = true;
	buf_clear(&r->words);
	r->run = 0;
	r->comment = (struct view){0};
	r->quoted = r->after_dot = r->stray_dot = false;
}

/* The comment as a name, or the empty view. */
static struct view comment_name(struct reader *r)
{
	struct buf text;
	buf_init(&text, ADDRESS_PHRASE_MAX);
	lex_unquote(view_trim(r->comment), &text);
	struct view name = keep(r, buf_view(&text));
	buf_done(&text);
	return name;
}

static bool has_empty_label(struct view domain)
{
	if (domain.len == 0 || domain.data[0] == '[')
		return false;
	for (size_t i = 0; i < domain.len; i++)
		if (domain.data[i] == '.' && (i == 0 || i + 1 == domain.len || domain.data[i - 1] == '.'))
			return true;
	return false;
}

/*
 * domain         = dot-atom / domain-literal / obs-domain
 * obs-domain     = atom *("." atom)
 * domain-literal = [CFWS] "[" *([FWS] dtext) [FWS] "]" [CFWS]
 */
static struct view read_domain(struct reader *r)
{
	struct buf text;
	buf_init(&text, ADDRESS_PHRASE_MAX);
	lex_skip_cfws(&r->in, &r->comment);
	if (cursor_accept(&r->in, '[')) {
		buf_append_byte(&text, '[');
		while (!cursor_at_end(&r->in) && !cursor_accept(&r->in, ']')) {
			char c = cursor_bytes(&r->in, 1).data[0];
			if (!lex_is_blank(c) && c != '\0')
				buf_append_byte(&text, c);
		}
		buf_append_byte(&text, ']');
	}
	for (;;) {
		struct view atom = cursor_while(&r->in, lex_is_atext);
		buf_append(&text, atom);
		struct cursor ahead = r->in;
		lex_skip_cfws(&ahead, &r->comment);
		if (cursor_accept(&ahead, '.')) {
			lex_skip_cfws(&ahead, &r->comment);
			buf_append_byte(&text, '.');
		} else {
			break;
		}
		r->in = ahead;
	}
	lex_skip_cfws(&r->in, &r->comment);
	/* The root's dot behind a domain is not in the grammar, changes nothing, and is accepted. */
	if (text.len > 1 && view_ends_nocase(buf_view(&text), VIEW(".")))
		buf_truncate(&text, text.len - 1);
	if (has_empty_label(buf_view(&text)))
		r->list->defective = true;
	struct view domain = keep(r, buf_view(&text));
	buf_done(&text);
	return domain;
}

/* An encoded word may hold specials that an atom may not: "=?utf-8?q?Doe,_Joe?=" is one word. */
static struct view encoded_word(const struct cursor *in)
{
	struct view v = in->rest;
	if (!view_starts(v, VIEW("=?")))
		return (struct view){0};
	unsigned marks = 0;
	for (size_t i = 2; i < v.len && v.data[i] > ' ' && v.data[i] < 0x7f && v.data[i] != '"'; i++) {
		if (v.data[i] != '?')
			continue;
		if (++marks == 3)
			return i + 1 < v.len && v.data[i + 1] == '=' ? view_take(v, i + 2) : (struct view){0};
	}
	return (struct view){0};
}

/* At a word whose octets mean nothing here: an encoded one, or a run of ISO-2022-JP, which is not part
 * of the grammar. */
static struct view opaque_word(const struct cursor *in)
{
	size_t run = lex_iso_2022_jp(in->rest);
	return run ? view_take(in->rest, run) : encoded_word(in);
}

/* Takes one word, dot or stray byte and adds it to the words. */
static void read_word(struct reader *r)
{
	size_t before = r->words.len;
	struct view word = opaque_word(&r->in);
	bool dot = cursor_peek(&r->in) == '.';
	r->stray_dot |= dot && (r->after_dot || r->words.len == r->run);
	r->after_dot = dot;
	if (word.len) {
		r->list->defective |= word.data[0] == '\x1b';
		r->in.rest = view_skip(r->in.rest, word.len);
		buf_append(&r->words, word);
	} else if (cursor_peek(&r->in) == '"') {
		r->quoted = true;
		if (!lex_quoted_string(&r->in, &r->words))
			r->list->defective = true;
	} else if (lex_is_atext((char)cursor_peek(&r->in))) {
		buf_append(&r->words, cursor_while(&r->in, lex_is_atext));
	} else {
		struct view byte = cursor_bytes(&r->in, 1);
		if (byte.data[0] != '.')
			r->list->defective = true;
		if (byte.data[0] != '\0')
			buf_append(&r->words, byte);
	}
	if (!lex_skip_cfws(&r->in, &r->comment))
		return;
	bool dot_joins = cursor_peek(&r->in) == '.' ||
	                 (r->words.len > before && buf_view(&r->words).data[r->words.len - 1] == '.');
	bool more = !cursor_at_end(&r->in) && strchr(",;:<@>", cursor_peek(&r->in)) == NULL;
	if (more && (!dot_joins || r->words.len == 0)) {
		buf_append_byte(&r->words, ' ');
		r->run = r->words.len;
		r->quoted = r->after_dot = r->stray_dot = false;
	} else if (more && cursor_peek(&r->in) != '.') {
		buf_append_byte(&r->words, SOFT_SPACE);
	}
}

static struct view keep_name(struct reader *r, struct view words)
{
	struct view name = keep(r, view_trim(words));
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] == SOFT_SPACE)
			((char *)name.data)[i] = ' ';
	return name;
}

static struct view keep_local_part(struct reader *r, struct view words)
{
	struct buf text;
	buf_init(&text, ADDRESS_PHRASE_MAX);
	for (size_t i = 0; i < words.len; i++)
		if (words.data[i] != SOFT_SPACE)
			buf_append_byte(&text, words.data[i]);
	struct view local_part = keep(r, view_trim(buf_view(&text)));
	buf_done(&text);
	return local_part;
}

/*
 * Behind a local part, at "@": the domain. With more than one "@" the last one counts, as it would if what is
 * before it were quoted.
 */
static void read_rest_of_address(struct reader *r, struct address *address)
{
	struct buf local_part;
	if (r->stray_dot || r->after_dot || (address->local_part.len == 0 && !r->quoted))
		r->list->defective = true;
	cursor_bytes(&r->in, 1);
	address->domain = read_domain(r);
	if (cursor_peek(&r->in) != '@')
		return;
	r->list->defective = true;
	buf_init(&local_part, ADDRESS_PHRASE_MAX);
	buf_append(&local_part, address->local_part);
	while (cursor_accept(&r->in, '@')) {
		buf_append_byte(&local_part, '@');
		buf_append(&local_part, address->domain);
		address->domain = read_domain(r);
	}
	if (buf_failed(&local_part))
		r->list->cut = true;
	address->local_part = keep(r, buf_view(&local_part));
	buf_done(&local_part);
}

/* 'joe@example.com': quotes that are not in the grammar. */
static void strip_apostrophes(struct reader *r, struct address *address)
{
	struct view local_part = address->local_part, domain = address->domain;
	if (local_part.len < 2 || domain.len < 2 || local_part.data[0] != '\'' ||
	    domain.data[domain.len - 1] != '\'')
		return;
	address->local_part = view_skip(local_part, 1);
	address->domain = view_take(domain, domain.len - 1);
	r->list->defective = true;
}

/* At "@" outside brackets: addr-spec, perhaps after a name without brackets. */
static void read_bare_mailbox(struct reader *r)
{
	struct address address = {.kind = ADDRESS_MAILBOX};
	struct view before = view_trim(view_take(buf_view(&r->words), r->run));
	address.display_name = keep_name(r, before);
	address.local_part = keep_local_part(r, view_skip(buf_view(&r->words), r->run));
	if (before.len)
		r->list->defective = true;
	r->comment = (struct view){0};
	read_rest_of_address(r, &address);
	strip_apostrophes(r, &address);
	if (address.display_name.len == 0)
		address.display_name = comment_name(r);
	if (address.domain.len == 0)
		r->list->defective = true;
	add(r, address);
	r->after_mailbox = true;
	forget_words(r);
}

static void skip_quoted(struct cursor *in)
{
	size_t n = 1;
	while (n < in->rest.len && in->rest.data[n] != '"')
		n += lex_unit_length(view_skip(in->rest, n));
	in->rest = view_skip(in->rest, n + 1);
}

/* At "<": whether anything is in the brackets. */
static bool encloses_something(const struct cursor *in)
{
	struct view inside = view_skip(in->rest, 1);
	ptrdiff_t end = view_find(inside, '>');
	return view_trim(end < 0 ? inside : view_take(inside, (size_t)end)).len > 0;
}

/*
 * At "@" outside brackets: whether it belongs to a display name, since brackets follow before the next
 * separator: "joe@example.com <joe@example.com>" is one mailbox. What is found holds up to there, so no text
 * is looked through twice.
 */
static bool is_in_name(struct reader *r)
{
	struct cursor ahead = r->in;
	if (r->judged_until && r->in.rest.data < r->judged_until)
		return r->is_name;
	r->is_name = false;
	for (;;) {
		lex_skip_cfws(&ahead, NULL);
		int c = cursor_peek(&ahead);
		struct view word = opaque_word(&ahead);
		if (c < 0 || c == ',' || c == ';' || c == ':' || c == '<')
			break;
		if (c == '"')
			skip_quoted(&ahead);
		else
			ahead.rest = view_skip(ahead.rest, word.len ? word.len : 1);
	}
	if (cursor_peek(&ahead) == '<')
		r->is_name = encloses_something(&ahead);
	r->judged_until = ahead.rest.data;
	return r->is_name;
}

/* Without the blanks and folds that may stand in it; comments stay, which nobody writes there. */
static struct view keep_route(struct reader *r, struct view raw)
{
	struct buf text;
	buf_init(&text, ADDRESS_PHRASE_MAX);
	for (size_t i = 0; i < raw.len; i++)
		if (!lex_is_blank(raw.data[i]))
			buf_append_byte(&text, raw.data[i]);
	struct view route = keep(r, buf_view(&text));
	buf_done(&text);
	return route;
}

/* A route ends with ":" and names hosts that nobody asks any more (RFC 5321, appendix C). */
static struct view take_route(struct reader *r)
{
	struct view route = {0};
	lex_skip_cfws(&r->in, NULL);
	struct view begin = r->in.rest;
	struct cursor ahead = r->in;
	while (cursor_peek(&ahead) == '@' || cursor_peek(&ahead) == ',') {
		if (cursor_accept(&ahead, '@')) {
			struct cursor kept = r->in;
			r->in = ahead;
			read_domain(r);
			ahead = r->in;
			r->in = kept;
		} else {
			cursor_bytes(&ahead, 1);
		}
		lex_skip_cfws(&ahead, NULL);
	}
	if (begin.len > ahead.rest.len && cursor_peek(&ahead) == ':') {
		route = keep_route(r, view_take(begin, begin.len - ahead.rest.len));
		cursor_bytes(&ahead, 1);
		r->in = ahead;
	} else if (cursor_accept(&ahead, ':')) {
		r->in = ahead;
	}
	return route;
}

/* At "<": the words were a display name. */
static void read_angle_mailbox(struct reader *r)
{
	struct address address = {.kind = ADDRESS_MAILBOX};
	address.display_name = keep_name(r, buf_view(&r->words));
	struct view outside_comment = r->comment;
	forget_words(r);
	cursor_bytes(&r->in, 1);
	address.route = take_route(r);
	if (cursor_peek(&r->in) == '<' || cursor_accept_nocase(&r->in, VIEW("mailto:")))
		r->list->defective = true;
	while (cursor_accept(&r->in, '<'))
		lex_skip_cfws(&r->in, NULL);
	while (!cursor_at_end(&r->in) && strchr("@>", cursor_peek(&r->in)) == NULL)
		read_word(r);
	address.local_part = keep_local_part(r, buf_view(&r->words));
	if (cursor_peek(&r->in) == '@')
		read_rest_of_address(r, &address);
	/* Noise before the bracket closes. */
	while (!cursor_at_end(&r->in) && cursor_peek(&r->in) != '>') {
		cursor_bytes(&r->in, 1);
		r->list->defective = true;
	}
	if (!cursor_accept(&r->in, '>'))
		r->list->defective = true;
	r->comment = outside_comment;
	lex_skip_cfws(&r->in, &r->comment);
	if (address.display_name.len == 0)
		address.display_name = comment_name(r);
	if (address.domain.len == 0)
		r->list->defective = true;
	if (address.local_part.len || address.domain.len || address.display_name.len)
		add(r, address);
	r->after_mailbox = true;
	forget_words(r);
}

/* At a separator: words without "@" or "<" are a local part if they are one word, else a name without
 * address. */
static void finish_words(struct reader *r)
{
	struct view text = view_trim(buf_view(&r->words));
	if (text.len) {
		struct address address = {.kind = ADDRESS_MAILBOX};
		if (view_find(text, ' ') < 0) {
			address.local_part = keep_local_part(r, text);
			address.display_name = comment_name(r);
		} else {
			address.display_name = keep_name(r, text);
		}
		add(r, address);
		r->list->defective = true;
	}
	forget_words(r);
}

static void start_group(struct reader *r)
{
	if (r->list->count >= r->max) {
		r->list->cut = true;
		return;
	}
	if (r->in_group)
		r->list->defective = true;
	else
		add(r, (struct address){
		           .kind = ADDRESS_GROUP_START, .display_name = keep_name(r, buf_view(&r->words))});
	r->in_group = true;
	forget_words(r);
}

static void end_group(struct reader *r)
{
	if (r->in_group)
		add(r, (struct address){.kind = ADDRESS_GROUP_END});
	r->in_group = false;
}

/* At ":": a group begins, unless it is "mailto:" of a link. */
static void read_colon(struct reader *r)
{
	cursor_bytes(&r->in, 1);
	if (view_equal_nocase(buf_view(&r->words), VIEW("mailto"))) {
		r->list->defective = true;
		forget_words(r);
	} else {
		start_group(r);
	}
}

/* At ";": the end of a group, or a separator as some programs write it. */
static void read_semicolon(struct reader *r)
{
	cursor_bytes(&r->in, 1);
	finish_words(r);
	if (!r->in_group)
		r->list->defective = true;
	r->after_mailbox = r->in_group;
	end_group(r);
}

/* What stands before the next separator begins here, or goes on. */
static void read_address(struct reader *r)
{
	if (r->after_mailbox)
		r->list->defective = true;
	r->after_mailbox = false;
	switch (cursor_peek(&r->in)) {
	case '<':
		read_angle_mailbox(r);
		break;
	case '@':
		if (is_in_name(r)) {
			read_word(r);
			r->list->defective = true;
		} else {
			read_bare_mailbox(r);
		}
		break;
	case '>':
		cursor_bytes(&r->in, 1);
		r->list->defective = true;
		break;
	default:
		read_word(r);
	}
}

static void read_list(struct reader *r)
{
	lex_skip_cfws(&r->in, &r->comment);
	while (!cursor_at_end(&r->in) && r->error == 0 && !r->list->cut) {
		switch (cursor_peek(&r->in)) {
		case ':':
			read_colon(r);
			r->after_mailbox = false;
			break;
		case ',':
			cursor_bytes(&r->in, 1);
			finish_words(r);
			r->after_mailbox = false;
			break;
		case ';':
			read_semicolon(r);
			break;
		default:
			read_address(r);
		}
		if (r->words.len == 0)
			lex_skip_cfws(&r->in, &r->comment);
	}
	finish_words(r);
	if (r->in_group && !r->list->cut)
		r->list->defective = true;
	end_group(r);
}

int address_list_parse_some(struct view body, size_t max, struct arena *arena, struct address_list *list)
{
	*list = (struct address_list){0};
	struct reader r = {.in = cursor_on(body), .arena = arena, .list = list, .max = max};
	buf_init(&r.words, ADDRESS_PHRASE_MAX);
	read_list(&r);
	buf_done(&r.words);
	if (r.error == 0 && list->count) {
		list->items = arena_array(arena, list->count, sizeof *list->items);
		if (list->items)
			memcpy(list->items, r.items, list->count * sizeof *list->items);
		else
			r.error = -ENOBUFS;
	}
	mem_free(r.items);
	if (r.error)
		*list = (struct address_list){.defective = list->defective, .cut = true};
	return r.error;
}

int address_list_parse(struct view body, struct arena *arena, struct address_list *list)
{
	return address_list_parse_some(body, ADDRESS_LIST_MAX, arena, list);
}
