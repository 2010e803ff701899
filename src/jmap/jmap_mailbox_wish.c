/* What clients want of a Mailbox (RFC 8621 section 2), read and checked: jmap_mailbox_setting.h. */
#include <errno.h>
#include <string.h>

#include "format/nfc.h"
#include "jmap/jmap_mailbox_setting.h"
#include "jmap/jmap_mailboxes.h"
#include "jmap/jmap_place.h"

enum {
	NAME_MAX_OCTETS = 200, /* of one level: maxSizeMailboxName of the account's capability */
	DEPTH_MAX = 20         /* levels: maxMailboxDepth */
};

#define ORDER_MAX ((uint64_t)INT32_MAX) /* RFC 8621 section 2: below 2^31 */

bool mailbox_refuse(struct mailbox_wish *w, const char *type, const char *property, const char *why)
{
	w->type = type;
	w->property = property;
	w->why = why;
	return false;
}

static bool invalid(struct mailbox_wish *w, const char *property, const char *why)
{
	return mailbox_refuse(w, "invalidProperties", property, why);
}

/* ---- reading what is wanted ---- */

static bool read_name(struct mailbox_setting *s, struct mailbox_wish *w, const json_t *value)
{
	struct view name = jmap_string(value);
	buf_clear(&s->name);
	if (!json_is_string(value) || nfc_append(name, &s->name) != 0)
		return invalid(w, "name", "it is no name for a Mailbox");
	name = buf_view(&s->name);
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f || name.data[i] == '/')
			return invalid(w, "name", "it contains a slash or a control character");
	if (name.len == 0 || name.len > NAME_MAX_OCTETS)
		return invalid(w, "name", "a name has 1 to 200 octets");
	w->has_name = true;
	w->name = name;
	return true;
}

static bool read_parent(
    struct jmap_call *c, struct mailbox_setting *s, struct mailbox_wish *w, const json_t *value)
{
	struct view id = jmap_string(value);
	w->has_parent = true;
	w->parent = 0;
	if (json_is_null(value))
		return true;
	w->waits = id.len > 0 && id.data[0] == '#' && jmap_creation(c, id).len == 0;
	w->parent = jmap_mailbox_number(c, id);
	if (w->parent == 0 || jmap_mailbox_of_number(&s->list, w->parent) == NULL)
		return invalid(w, "parentId", "there is no such Mailbox");
	return true;
}

static bool read_role(struct mailbox_wish *w, const json_t *value)
{
	w->has_role = true;
	w->role = MAILBOX_ROLE_NONE;
	if (json_is_null(value))
		return true;
	for (uint64_t i = 1; i <= MAILBOX_ROLE_LAST; i++)
		if (view_equal(jmap_string(value), view_from_string(jmap_mailbox_role(i))))
			w->role = i;
	return w->role || invalid(w, "role", "there is no such role");
}

/* "shareWith", and what a patch says below it. */
static bool read_shares(struct jmap_call *c, struct mailbox_setting *s, struct mailbox_wish *w,
    struct view path, const json_t *value)
{
	if (!jmap_uses_sharing(c))
		return invalid(w, "shareWith", "\"using\" does not name the capability of sharing");
	if (path.len && s->number == 0)
		return invalid(w, "shareWith", "a new Mailbox has no rights of others yet");
	w->has_shares = true;
	const char *wrong = jmap_shares_read(&w->shares, path, value);
	return wrong == NULL || invalid(w, "shareWith", wrong);
}

/* ---- what the server sets ---- */

static bool is_count(const char *name)
{
	return strcmp(name, "totalEmails") == 0 || strcmp(name, "unreadEmails") == 0 ||
	       strcmp(name, "totalThreads") == 0 || strcmp(name, "unreadThreads") == 0;
}

bool mailbox_wish_names_counts(const json_t *patch)
{
	const char *name;
	const json_t *value;
	json_object_foreach((json_t *)(uintptr_t)patch, name, value) if (is_count(name)) return true;
	return false;
}

static uint64_t count_now(const struct mailbox_setting *s, const char *name)
{
	const struct jmap_listed *trash = jmap_mailbox_of_role(&s->list, MAILBOX_ROLE_TRASH);
	struct jmap_counts n =
	    jmap_table_counts(s->table.table, trash ? trash->number : 0, (uint32_t)s->number);
	bool unread = name[0] == 'u';
	return strstr(name, "Emails") ? (unread ? n.unread : n.emails)
	       : unread               ? n.unread_threads
	                              : n.threads;
}

static bool are_rights_now(struct jmap_call *c, const struct mailbox_setting *s, const json_t *value)
{
	enum { RIGHTS_MAX = 1000 /* octets of the object: a dozen names */ };
	const struct jmap_listed *m = jmap_mailbox_of_number(&s->list, s->number);
	struct buf text;
	buf_init(&text, RIGHTS_MAX);
	struct json_out w = json_out_on(&text);
	jmap_put_rights(&w, m ? m->rights : 0,
	    (jmap_uses_sharing(c) ? JMAP_RIGHTS_SHARE : 0U) |
	        (s->number == MAILBOX_INBOX ? JMAP_RIGHTS_INBOX : 0U));
	json_t *now = json_loadb(buf_view(&text).data, buf_view(&text).len, 0, NULL);
	bool same = m && now && json_equal(now, value);
	json_decref(now);
	buf_done(&text);
	return same;
}

/* RFC 8620 section 5.3: clients may pass whole objects back, so what they can't set may stand there as it is.
 */
static bool is_as_it_is(
    struct jmap_call *c, const struct mailbox_setting *s, const char *name, const json_t *value)
{
	uint64_t number;
	if (s->number == 0)
		return false;
	if (is_count(name))
		return jmap_is_unsigned(value, &number) && number == count_now(s, name);
	if (strcmp(name, "myRights") == 0)
		return are_rights_now(c, s, value);
	return strcmp(name, "id") == 0 && view_equal(jmap_string(value), s->key);
}

static bool read_property(struct jmap_call *c, struct mailbox_setting *s, struct mailbox_wish *w,
    const char *name, const json_t *value)
{
	if (strcmp(name, "name") == 0)
		return read_name(s, w, value);
	if (strcmp(name, "parentId") == 0)
		return read_parent(c, s, w, value);
	if (strcmp(name, "role") == 0)
		return read_role(w, value);
	if (strcmp(name, "sortOrder") == 0) {
		w->has_order = true;
		return (jmap_is_unsigned(value, &w->order) && w->order <= ORDER_MAX) ||
		       invalid(w, name, "it is a number below 2^31");
	}
	if (strcmp(name, "isSubscribed") == 0) {
		w->has_subscribed = true;
		w->subscribed = json_is_true(value);
		return json_is_boolean(value) || invalid(w, name, "it is true or false");
	}
	struct view text = view_from_string(name), share = VIEW("shareWith");
	if (view_equal(text, share))
		return read_shares(c, s, w, (struct view){0}, value);
	if (view_starts(text, VIEW("shareWith/")))
		return read_shares(c, s, w, view_skip(text, share.len + 1), value);
	return is_as_it_is(c, s, name, value) || invalid(w, name, "it cannot be set");
}

bool mailbox_wish_read(struct jmap_call *c, struct mailbox_setting *s, json_t *object, struct mailbox_wish *w)
{
	json_t *value;
	const char *name;
	*w = (struct mailbox_wish){0};
	json_object_foreach(object, name, value) if (!read_property(c, s, w, name, value)) return false;
	const char *wrong = jmap_shares_check(&w->shares);
	return wrong == NULL || invalid(w, "shareWith", wrong);
}

/* ---- roles ---- */

/* A role that somebody has: whether the same call takes it away there. */
static bool gives_up(struct jmap_call *c, const struct jmap_listed *holder, uint64_t role)
{
	char text[MAIL_ID_MAX + 1];
	size_t len = mail_id_write(text, MAIL_ID_MAILBOX, jmap_account(c)->number, holder->number);
	text[len] = '\0';
	const json_t *update = json_object_get(json_object_get(jmap_arguments(c), "update"), text);
	const json_t *value = json_object_get(update, "role");
	return value && !view_equal(jmap_string(value), view_from_string(jmap_mailbox_role(role)));
}

/* "There MUST NOT be two Mailboxes in the same account with the same role." */
bool mailbox_wish_role(
    struct jmap_call *c, struct mailbox_setting *s, struct mailbox_wish *w, const struct jmap_listed *own)
{
	s->holder = 0;
	if (!w->has_role || (own && own->role == w->role))
		return true;
	if (w->role == MAILBOX_ROLE_INBOX || (own && own->role == MAILBOX_ROLE_INBOX))
		return invalid(w, "role", "the inbox is what it is");
	const struct jmap_listed *holder = w->role ? jmap_mailbox_of_role(&s->list, w->role) : NULL;
	if (holder == NULL)
		return true;
	if (!gives_up(c, holder, w->role))
		return invalid(w, "role", "another Mailbox has this role");
	s->holder = holder->number;
	return true;
}

/* ---- places ---- */

/* The path of a name below a mailbox. */
static bool make_path(struct mailbox_setting *s, uint64_t parent, struct view name, struct mailbox_wish *w)
{
	const struct jmap_listed *above = jmap_mailbox_of_number(&s->list, parent);
	size_t levels = 1;
	buf_clear(&s->path);
	if (above) {
		buf_append(&s->path, buf_view(&above->path));
		buf_append_byte(&s->path, '/');
	}
	buf_append(&s->path, name);
	struct view path = buf_view(&s->path);
	for (size_t i = 0; i < path.len; i++)
		levels += path.data[i] == '/';
	if (buf_failed(&s->path) || levels > DEPTH_MAX)
		return invalid(w, "parentId", "it would be too deep within others");
	return true;
}

/* Where it is to be: what is not said of name and parent stays. */
static bool place_old(struct mailbox_setting *s, struct mailbox_wish *w, const struct jmap_listed *m)
{
	struct view path = buf_view(&m->path);
	const struct jmap_listed *above = jmap_mailbox_of_path(&s->list, jmap_mailbox_parent(path));
	buf_clear(&s->old_path);
	if (buf_append(&s->old_path, path) != 0)
		return mailbox_refuse(w, "serverFail", NULL, "there is no memory for this now");
	buf_clear(&s->path);
	if (!w->has_name && !w->has_parent)
		return buf_append(&s->path, path) == 0 ||
		       mailbox_refuse(w, "serverFail", NULL, "there is no memory for this now");
	uint64_t parent = w->has_parent ? w->parent : above ? above->number : 0;
	if (!w->has_parent && jmap_mailbox_parent(path).len > 0 && above == NULL)
		return mailbox_refuse(w, "forbidden", NULL, "you do not see where it is");
	return make_path(s, parent, w->has_name ? w->name : jmap_mailbox_name(path), w);
}

bool mailbox_wish_place(struct mailbox_setting *s, struct mailbox_wish *w, const struct jmap_listed *own)
{
	return own ? place_old(s, w, own) : make_path(s, w->parent, w->name, w);
}

/* Names are compared as store does: "INBOX" in any case, on top. */
const struct jmap_listed *mailbox_wish_sibling(const struct mailbox_setting *s)
{
	struct view path = buf_view(&s->path);
	if (view_equal_nocase(path, VIEW("INBOX")))
		return jmap_mailbox_of_number(&s->list, MAILBOX_INBOX);
	return jmap_mailbox_of_path(&s->list, path);
}
