/*
 * GETMETADATA and SETMETADATA: RFC 5464. The mailbox "" is the server, as this account sees it. Entries begin
 * with /private/ or /shared/; what this server keeps beside mailboxes for itself has other names, which no
 * client can write here.
 */
#include "imap/imap_metadata.h"

#include "imap/imap_commands.h"

#include <errno.h>
#include <stdio.h>

enum {
	ENTRIES_MAX = 100, /* in one command: programs ask for a handful */
	DEPTH_INFINITY = 2 /* mail.h */
};

struct entry {
	struct view name, value;
	bool none;
};

struct metadata {
	struct view path;
	uint64_t account, mailbox, depth, size_max;
	bool sets, has_size_max, told;
	uint64_t longest; /* of the values that were longer than MAXSIZE */
	struct entry entries[ENTRIES_MAX];
	size_t count, at;
};

/* ---- parsing ---- */

/* RFC 5464 section 3.1: levels of printable ASCII without "*" and "%". Names are compared without case. */
static bool is_entry_name(struct view name, bool whole)
{
	struct view rest = view_starts_nocase(name, VIEW("/private"))  ? view_skip(name, 8)
	                   : view_starts_nocase(name, VIEW("/shared")) ? view_skip(name, 7)
	                                                               : (struct view){0};

	if (name.len > MAIL_METADATA_NAME_MAX || !rest.data)
		return false;
	if (rest.len == 0)
		return !whole; /* with DEPTH all of one's own, or all that is shared */
	if (rest.data[0] != '/')
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.data[i];

		if (!ascii_is_print(c) || c == '*' || c == '%' ||
		    (c == '/' && (i + 1 == rest.len || rest.data[i + 1] == '/')))
			return false;
	}
	return true;
}

bool imap_in_metadata_entry(struct imap_in *in, bool whole, struct view *name)
{
	struct view given;
	char *lower;

	if (!imap_in_astring(in, &given))
		return false;
	if (!is_entry_name(given, whole)) {
		imap_in_wrong(
		    in, "an entry's name begins with /private/ or /shared/, and has no \"*\" and \"%\"");
		return false;
	}
	lower = arena_alloc(imap_arena(in->session), given.len);
	if (!lower) {
		imap_in_wrong(in, "[LIMIT] the command is too large");
		return false;
	}
	for (size_t i = 0; i < given.len; i++)
		lower[i] = ascii_lower(given.data[i]);
	*name = view_of(lower, given.len);
	return true;
}

static struct entry *in_entry(struct imap_in *in, struct metadata *m)
{
	struct entry *entry = &m->entries[m->count];

	if (m->count == ENTRIES_MAX) {
		imap_in_wrong(in, "[LIMIT] there are too many entries");
		return NULL;
	}
	if (!imap_in_metadata_entry(in, m->sets || m->depth == 0, &entry->name))
		return NULL;
	m->count++;
	return entry;
}

/* "(MAXSIZE 1024 DEPTH infinity)" */
static bool in_options(struct imap_in *in, struct metadata *m)
{
	do {
		if (imap_in_word(in, "MAXSIZE")) {
			m->has_size_max = true;
			if (!imap_in_space(in) || !imap_in_number64(in, &m->size_max))
				return false;
		} else if (imap_in_word(in, "DEPTH")) {
			if (!imap_in_space(in))
				return false;
			if (imap_in_word(in, "infinity"))
				m->depth = DEPTH_INFINITY;
			else if (imap_in_word(in, "1"))
				m->depth = 1;
			else if (!imap_in_word(in, "0"))
				imap_in_wrong(in, "a depth is 0, 1 or infinity");
		} else {
			imap_in_wrong(in, "there is no such option");
		}
	} while (imap_in_take(in, ' '));
	return imap_in_char(in, ')');
}

static void in_get(struct imap_in *in, struct metadata *m)
{
	bool list;

	if (!imap_in_space(in))
		return;
	if (imap_in_take(in, '(') && (!in_options(in, m) || !imap_in_space(in)))
		return;
	if (!imap_in_mailbox(in, &m->path) || !imap_in_space(in))
		return;
	list = imap_in_take(in, '(');
	/* Options stand behind the mailbox in examples of the RFC, and programs follow these. */
	if (list && !imap_in_next_is(in, '/') && !imap_in_next_is(in, '"') && !imap_in_next_is(in, '{')) {
		if (!in_options(in, m) || !imap_in_space(in))
			return;
		list = imap_in_take(in, '(');
	}
	while (in_entry(in, m) && list && imap_in_take(in, ' '))
		;
	if (list)
		imap_in_char(in, ')');
}

static void in_set(struct imap_in *in, struct metadata *m)
{
	struct entry *entry;

	if (!imap_in_space(in) || !imap_in_mailbox(in, &m->path) || !imap_in_space(in) ||
	    !imap_in_char(in, '('))
		return;
	do {
		entry = in_entry(in, m);
		if (!entry || !imap_in_space(in))
			return;
		if (imap_in_take(in, '~')) /* literal8 */
			imap_in_string(in, &entry->value);
		else
			imap_in_nstring(in, &entry->value, &entry->none);
	} while (imap_in_take(in, ' '));
	imap_in_char(in, ')');
}

/* ---- answers ---- */

/* NUL stands in a literal8 alone (RFC 3516 section 3). */
void imap_put_metadata_value(struct imap_session *s, struct view value)
{
	if (view_find(value, '\0') < 0) {
		imap_put_string(s, value);
		return;
	}
	imap_putf(s, "~{%zu}\r\n", value.len);
	imap_put(s, value);
}

static void ask_next(struct imap_session *s, struct metadata *m);

static void end_line(struct imap_session *s, struct metadata *m)
{
	if (m->told)
		imap_puts(s, ")\r\n");
	m->told = false;
}

static void on_entry(struct imap_session *s, struct metadata *m, const struct mail_metadata_entry *entry)
{
	if (entry->none)
		return;
	if (m->has_size_max && entry->value.len > m->size_max) {
		if (entry->value.len > m->longest)
			m->longest = entry->value.len;
		return;
	}
	if (!m->told) {
		imap_puts(s, "* METADATA ");
		imap_put_mailbox(s, m->path);
	}
	imap_puts(s, m->told ? " " : " (");
	m->told = true;
	imap_put_astring(s, entry->name);
	imap_puts(s, " ");
	imap_put_metadata_value(s, entry->value);
}

static void fail(struct imap_session *s, const struct metadata *m, int64_t error)
{
	char code[64];

	if (m->sets && (error == -EMSGSIZE || error == -EMLINK)) { /* RFC 5464 section 4.3 */
		snprintf(code, sizeof(code), "METADATA MAXSIZE %u", (unsigned)MAIL_METADATA_VALUE_MAX);
		imap_no(s, error == -EMLINK ? "METADATA TOOMANY" : code,
		    error == -EMLINK ? "there are too many entries" : "the value is too long");
		return;
	}
	imap_no_error(s, error, "the metadata");
}

static void on_answer(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct metadata *m = imap_data(s);

	if (type == MAIL_METADATA_ENTRY) {
		on_entry(s, m, answer);
	} else if (type == MAIL_DONE) {
		int64_t error = ((const struct mail_done *)answer)->error;

		end_line(s, m);
		if (error == -ENOENT && !m->sets)
			error = 0; /* there is no such entry */
		m->at++;
		if (error)
			fail(s, m, error);
		else
			ask_next(s, m);
	}
}

static void end(struct imap_session *s, const struct metadata *m)
{
	char code[64];

	snprintf(code, sizeof(code), "METADATA LONGENTRIES %llu", (unsigned long long)m->longest);
	imap_ok(s, m->longest > 0 ? code : NULL, m->sets ? "the metadata is set" : "this is the metadata");
}

static void ask_next(struct imap_session *s, struct metadata *m)
{
	const struct entry *entry = &m->entries[m->at];

	if (m->at == m->count)
		end(s, m);
	else if (m->sets)
		imap_ask(s, MAIL_METADATA_SET,
		    &(struct mail_metadata_entry){.account = m->account,
		        .mailbox = m->mailbox,
		        .none = entry->none,
		        .name = entry->name,
		        .value = entry->value},
		    on_answer);
	else
		imap_ask(s, MAIL_METADATA,
		    &(struct mail_metadata){
		        .account = m->account, .mailbox = m->mailbox, .depth = m->depth, .name = entry->name},
		    on_answer);
}

static void on_mailbox(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct metadata *m = imap_data(s);

	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	m->account = mailbox->account;
	m->mailbox = mailbox->mailbox;
	ask_next(s, m);
}

static void run(struct imap_session *s, struct imap_in *in, bool sets)
{
	struct metadata *m = imap_command_data(s, sizeof(*m), NULL);

	m->sets = sets;
	if (sets)
		in_set(in, m);
	else
		in_get(in, m);
	if (imap_wrong(s, in))
		return;
	for (size_t i = 0; i < m->count; i++) /* before anything is changed */
		if (m->entries[i].value.len > MAIL_METADATA_VALUE_MAX) {
			fail(s, m, -EMSGSIZE);
			return;
		}
	if (view_empty(m->path))
		ask_next(s, m);
	else
		imap_find_mailbox(s, m->path, on_mailbox);
}

void imap_getmetadata(struct imap_session *s, struct imap_in *in)
{
	run(s, in, false);
}

void imap_setmetadata(struct imap_session *s, struct imap_in *in)
{
	run(s, in, true);
}
