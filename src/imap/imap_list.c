/*
 * LIST (RFC 9051 section 6.3.9, RFC 5258), with what it returns beside names: children (RFC 3348), special
 * uses (RFC 6154), status (RFC 5819), rights (RFC 8440),
 * metadata (RFC 9590); and LSUB (RFC 3501 section 6.3.9). The account tells
 * all of its mailboxes at once; what is chosen of them, and which names stand for levels without a mailbox,
 * is found out here.
 */
#include "imap/imap_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imap/imap_commands.h"
#include "imap/imap_metadata.h"
#include "imap/imap_state.h"
#include "imap/imap_status.h"

struct entry {
	struct view name;
	struct mail_mailbox mailbox;
	bool exists; /* there is a mailbox; else a subscription without one, or a level above others */
	bool level;  /* nothing but a level above others */
};

struct lister {
	struct imap_list_options options;
	struct entry *entries;
	size_t count, room;
	bool failed;
	size_t at;       /* the entry that is told next */
	size_t metadata; /* and of the one before what is asked for next */
	bool found;      /* it has a value */
	bool told;       /* its METADATA has begun */
};

static void release(void *data)
{
	struct lister *l = data;
	mem_free(l->entries);
}

/* ---- gathering ---- */

static struct entry *add(struct imap_session *s, struct lister *l)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 32;
		struct entry *entries = mem_try_resize(l->entries, room * sizeof *entries);
		if (entries == NULL) {
			l->failed = true;
			return NULL;
		}
		l->entries = entries;
		l->room = room;
	}
	(void)s;
	struct entry *e = &l->entries[l->count++];
	*e = (struct entry){0};
	return e;
}

static void add_mailbox(struct imap_session *s, struct lister *l, const struct mail_mailbox *m)
{
	bool exists = !(m->marks & MAIL_MAILBOX_NO_MAILBOX);
	if (!exists && !l->options.subscribed)
		return;
	struct entry *e = add(s, l);
	if (e == NULL)
		return;
	e->mailbox = *m;
	e->exists = exists;
	if (!imap_mailbox_name(imap_arena(s), m, &e->name) ||
	    !arena_copy(imap_arena(s), m->owner, &e->mailbox.owner))
		l->failed = true;
	e->mailbox.path = m->owner.len ? view_skip(e->name, e->name.len - m->path.len) : e->name;
}

/* By levels: what is below a name stands right behind it. */
static int compare_names(struct view a, struct view b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	for (size_t i = 0; i < len; i++) {
		if (a.data[i] == b.data[i])
			continue;
		if (a.data[i] == '/' || b.data[i] == '/')
			return a.data[i] == '/' ? -1 : 1;
		return (unsigned char)a.data[i] < (unsigned char)b.data[i] ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = compare_names(x->name, y->name);
	/* Of a mailbox and a level with one name the mailbox stays. */
	return r ? r : (int)x->level - (int)y->level;
}

static bool is_below(struct view name, struct view above)
{
	return name.len > above.len && name.data[above.len] == '/' &&
	       view_equal(view_take(name, above.len), above);
}

/* Names above mailboxes that are no mailboxes of this session: "Users", "Users/bob@example.org", and above
 * what somebody shares. */
static void add_levels(struct imap_session *s, struct lister *l)
{
	size_t count = l->count;
	struct view last = {0};
	qsort(l->entries, l->count, sizeof *l->entries, compare);
	for (size_t i = 0; i < count && !l->failed; i++) {
		struct view name = l->entries[i].name, before = i ? l->entries[i - 1].name : (struct view){0};
		for (size_t at = 1; at < name.len; at++) {
			struct view above = view_take(name, at);
			if (name.data[at] != '/' || view_equal(above, before) || is_below(before, above) ||
			    view_equal(above, last))
				continue;
			struct entry *e = add(s, l);
			if (e == NULL)
				return;
			e->name = last = above;
			e->level = true;
		}
	}
	qsort(l->entries, l->count, sizeof *l->entries, compare);
	count = 0;
	for (size_t i = 0; i < l->count; i++)
		if (count == 0 || !view_equal(l->entries[count - 1].name, l->entries[i].name))
			l->entries[count++] = l->entries[i];
	l->count = count;
}

/* ---- choosing ---- */

bool imap_list_matches(struct view pattern, struct view name)
{
	/* Where to try again: behind the last "*" and the last "%", one octet further each time. What stands
	   between two wildcards fits best where it fits first, so that no more than these two are remembered.
	 */
	size_t p = 0, n = 0, star = SIZE_MAX, star_at = 0, percent = SIZE_MAX, percent_at = 0;
	while (n < name.len || p < pattern.len) {
		char c = p < pattern.len ? pattern.data[p] : '\0';
		if (p < pattern.len && c == '*') {
			star = ++p;
			star_at = n;
			percent = SIZE_MAX;
		} else if (p < pattern.len && c == '%') {
			percent = ++p;
			percent_at = n;
		} else if (p < pattern.len && n < name.len && c == name.data[n]) {
			p++;
			n++;
		} else if (percent != SIZE_MAX && percent_at < name.len && name.data[percent_at] != '/') {
			n = ++percent_at;
			p = percent;
		} else if (star != SIZE_MAX && star_at < name.len) {
			n = ++star_at;
			p = star;
			percent = SIZE_MAX;
		} else {
			return false;
		}
	}
	return true;
}

static bool is_chosen(const struct imap_list_options *o, const struct entry *e)
{
	if (o->subscribed && !(e->mailbox.subscribed && !e->level))
		return false;
	if (o->special && e->mailbox.role <= MAILBOX_ROLE_INBOX)
		return false;
	return true;
}

/* Levels answer only who asks for one level: "%". */
static bool matches(const struct imap_list_options *o, const struct entry *e)
{
	for (size_t i = 0; i < o->pattern_count; i++)
		if ((!e->level || view_find(o->patterns[i], '%') >= 0) &&
		    imap_list_matches(o->patterns[i], e->name))
			return true;
	return false;
}

struct below {
	bool exists;   /* mailboxes */
	bool chosen;   /* such that are chosen */
	bool unlisted; /* and of these some that match no pattern, so that nothing else tells of them */
};

static struct below look_below(const struct lister *l, size_t i)
{
	struct below below = {false, false, false};
	for (size_t j = i + 1; j < l->count && is_below(l->entries[j].name, l->entries[i].name); j++) {
		const struct entry *e = &l->entries[j];
		below.exists |= e->exists;
		if (!e->level && (l->options.subscribed || l->options.special) && is_chosen(&l->options, e)) {
			below.chosen = true;
			below.unlisted |= !matches(&l->options, e);
		}
		if (below.exists && ((!l->options.subscribed && !l->options.special) || below.unlisted))
			break;
	}
	return below;
}

/* ---- telling ---- */

static void put_attribute(struct imap_session *s, bool *begun, const char *name)
{
	imap_puts(s, *begun ? " " : "");
	imap_puts(s, name);
	*begun = true;
}

static void put_attributes(
    struct imap_session *s, const struct lister *l, const struct entry *e, struct below below)
{
	const struct imap_list_options *o = &l->options;
	bool begun = false;
	if (o->lsub) {
		/* RFC 3501 section 6.3.9: a level with subscribed mailboxes below it, which is not subscribed
		 * itself. */
		if (!e->mailbox.subscribed || !e->exists)
			put_attribute(s, &begun, "\\NoSelect");
	} else if (!e->exists) {
		put_attribute(s, &begun, "\\NonExistent");
		/* The one implies the other (RFC 5258 section 3); older clients know the other alone. */
		if (!o->extended)
			put_attribute(s, &begun, "\\NoSelect");
	} else if (!(e->mailbox.rights & RIGHT_READ)) {
		put_attribute(s, &begun, "\\NoSelect");
	}
	if (!o->lsub && (o->subscribed || o->return_subscribed) && e->mailbox.subscribed)
		put_attribute(s, &begun, "\\Subscribed");
	put_attribute(s, &begun, below.exists ? "\\HasChildren" : "\\HasNoChildren");
	if (e->mailbox.role > MAILBOX_ROLE_INBOX && e->mailbox.role <= MAILBOX_ROLE_LAST &&
	    !e->mailbox.owner.len)
		put_attribute(s, &begun, mailbox_role_use((unsigned)e->mailbox.role));
}

/* RFC 9051 section 7.3.1. */
static void put_entry(
    struct imap_session *s, const struct lister *l, const struct entry *e, struct below below)
{
	const struct imap_list_options *o = &l->options;
	imap_puts(s, o->lsub ? "* LSUB (" : "* LIST (");
	put_attributes(s, l, e, below);
	imap_puts(s, ") \"/\" ");
	imap_put_mailbox(s, e->name);
	if (o->recursive && below.chosen)
		imap_puts(s, o->subscribed ? " (\"CHILDINFO\" (\"SUBSCRIBED\"))"
		                           : " (\"CHILDINFO\" (\"SPECIAL-USE\"))");
	imap_put_line(s);
	if (o->return_rights && e->exists) {
		imap_puts(s, "* MYRIGHTS ");
		imap_put_mailbox(s, e->name);
		imap_puts(s, " ");
		imap_put_rights(s, e->mailbox.rights);
		imap_put_line(s);
	}
	if (o->return_status && e->exists && e->mailbox.rights & RIGHT_READ)
		imap_put_status(s, &e->mailbox, o->return_status);
}

static void list_rest(struct imap_session *s, struct lister *l);

static void put_metadata(struct imap_session *s, struct lister *l, const struct mail_metadata_entry *value)
{
	if (!l->told) {
		imap_puts(s, "* METADATA ");
		imap_put_mailbox(s, l->entries[l->at - 1].name);
	}
	imap_puts(s, l->told ? " " : " (");
	l->told = true;
	imap_put_astring(s, l->options.metadata[l->metadata]);
	imap_puts(s, " ");
	if (value)
		imap_put_metadata_value(s, value->value);
	else
		imap_puts(s, "NIL");
}

static void ask_metadata(struct imap_session *s, struct lister *l);

/* What cannot be read is left out (RFC 9590 section 3); what there is not is NIL. */
static void on_metadata(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct lister *l = imap_data(s);
	const struct mail_metadata_entry *entry = answer;
	const struct mail_done *done = answer;
	if (type == MAIL_METADATA_ENTRY && !entry->none && !l->found) {
		l->found = true;
		put_metadata(s, l, entry);
	} else if (type == MAIL_DONE) {
		if (!l->found && (done->error == 0 || done->error == -ENOENT))
			put_metadata(s, l, NULL);
		l->metadata++;
		ask_metadata(s, l);
	}
}

static void ask_metadata(struct imap_session *s, struct lister *l)
{
	const struct entry *e = &l->entries[l->at - 1];
	l->found = false;
	if (l->metadata < l->options.metadata_count) {
		imap_ask(s, MAIL_METADATA,
		    &(struct mail_metadata){.account = e->mailbox.account,
		        .mailbox = e->mailbox.mailbox,
		        .name = l->options.metadata[l->metadata]},
		    on_metadata);
		return;
	}
	if (l->told)
		imap_puts(s, ")\r\n");
	list_rest(s, l);
}

/* True when its metadata is asked for: the rest comes behind that. */
static bool list_one(struct imap_session *s, struct lister *l, size_t i)
{
	const struct imap_list_options *o = &l->options;
	const struct entry *e = &l->entries[i];
	if (!matches(o, e))
		return false;
	struct below below = look_below(l, i);
	/* RFC 5258 section 3.1 (RECURSIVEMATCH); "%" of LSUB does the same without being asked. */
	bool for_children = (o->recursive || o->lsub) && below.unlisted;
	if (!is_chosen(o, e) && !for_children)
		return false;
	put_entry(s, l, e, below);
	if (o->metadata_count == 0 || !e->exists || !(e->mailbox.rights & RIGHT_READ))
		return false;
	l->metadata = 0;
	l->told = false;
	ask_metadata(s, l);
	return true;
}

static void list_rest(struct imap_session *s, struct lister *l)
{
	while (l->at < l->count)
		if (list_one(s, l, l->at++))
			return;
	imap_ok(s, NULL, "this is the list");
}

static void on_mailbox(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct lister *l = imap_data(s);
	const struct mail_done *done = answer;
	if (type == MAIL_MAILBOX)
		add_mailbox(s, l, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		imap_no_error(s, done->error, "the list of mailboxes");
		return;
	}
	add_levels(s, l);
	if (l->failed) {
		imap_no(s, "UNAVAILABLE", "there is no memory for this list now");
		return;
	}
	list_rest(s, l);
}

void imap_put_rights(struct imap_session *s, uint64_t rights)
{
	static const char letters[] = "lrswipkxtean";
	char text[sizeof letters + 1];
	size_t len = 0;
	for (size_t i = 0; i < sizeof letters - 1; i++)
		if (rights >> i & 1)
			text[len++] = letters[i];
	if (len == 0)
		imap_puts(s, "\"\"");
	imap_put(s, view_of(text, len));
}

/* ---- commands ---- */

static void run(struct imap_session *s, struct imap_in *in, bool lsub)
{
	struct lister *l = imap_command_data(s, sizeof *l, release);
	imap_in_list(in, lsub, &l->options);
	if (imap_wrong(s, in))
		return;
	if (l->options.delimiter) {
		/* An empty pattern asks for the delimiter (RFC 9051 section 6.3.9). */
		imap_puts(
		    s, lsub ? "* LSUB (\\NoSelect) \"/\" \"\"\r\n" : "* LIST (\\NoSelect) \"/\" \"\"\r\n");
		imap_ok(s, NULL, "this is the delimiter");
		return;
	}
	imap_status_enables(s, l->options.return_status);
	imap_ask(s, MAIL_MAILBOXES, &(struct mail_mailboxes){0}, on_mailbox);
}

void imap_list(struct imap_session *s, struct imap_in *in)
{
	run(s, in, false);
}

void imap_lsub(struct imap_session *s, struct imap_in *in)
{
	run(s, in, true);
}
