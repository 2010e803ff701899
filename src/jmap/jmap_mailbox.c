/* Mailboxes: get, changes, query, queryChanges (RFC 8621 section 2). */
#include "jmap/jmap_mailbox.h"

#include "jmap/jmap_mailboxes.h"

static const char *const properties[] = {"id", "name", "parentId", "role", "sortOrder", "totalEmails",
    "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed", NULL};

enum property {
	ID,
	NAME,
	PARENT_ID,
	ROLE,
	SORT_ORDER,
	TOTAL_EMAILS,
	UNREAD_EMAILS,
	TOTAL_THREADS,
	UNREAD_THREADS,
	MY_RIGHTS,
	IS_SUBSCRIBED,
	PROPERTIES
};
#define BIT(property) ((uint64_t)1 << (property))
#define COUNTS (BIT(TOTAL_EMAILS) | BIT(UNREAD_EMAILS) | BIT(TOTAL_THREADS) | BIT(UNREAD_THREADS))

struct getting {
	struct jmap_mailboxes_use use;
	struct jmap_get get;
};

static void release(void *data)
{
	jmap_table_leave(&((struct getting *)data)->use.table);
}

/* ---- an object ---- */

/* RFC 8621 section 2: which rights of RFC 4314 each of these needs. INBOX can be neither renamed nor removed.
 */
static void write_rights(struct json_out *out, const struct mail_mailbox *m)
{
	static const struct {
		const char *name;
		uint64_t rights;
		bool not_inbox;
	} rights[] = {
	    {"mayReadItems", RIGHT_LOOKUP | RIGHT_READ, false},
	    {"mayAddItems", RIGHT_INSERT, false},
	    {"mayRemoveItems", RIGHT_DELETE | RIGHT_EXPUNGE, false},
	    {"maySetSeen", RIGHT_SEEN, false},
	    {"maySetKeywords", RIGHT_WRITE, false},
	    {"mayCreateChild", RIGHT_CREATE, false},
	    {"mayRename", RIGHT_REMOVE, true},
	    {"mayDelete", RIGHT_REMOVE, true},
	    {"maySubmit", RIGHT_POST, false},
	};
	json_out_object(out);
	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
		bool may = (m->rights & rights[i].rights) == rights[i].rights;
		json_out_name(out, view_from_string(rights[i].name));
		json_out_bool(out, may && !(rights[i].not_inbox && m->mailbox == MAILBOX_INBOX));
	}
	json_out_end(out);
}

static void write_property(struct jmap_call *c, const struct jmap_mailbox *m,
    const struct jmap_counts *counts, enum property property)
{
	struct json_out *out = jmap_respond(c);
	const char *role = jmap_mailbox_role(m->mailbox.role);
	switch (property) {
	case ID:
		jmap_put_id(out, MAIL_ID_MAILBOX, jmap_account(c)->number, m->mailbox.mailbox);
		return;
	case NAME:
		json_out_string(out, m->name);
		return;
	case PARENT_ID:
		if (m->parent)
			jmap_put_id(
			    out, MAIL_ID_MAILBOX, jmap_account(c)->number, m->parent->mailbox.mailbox);
		else
			json_out_null(out);
		return;
	case ROLE:
		if (role)
			json_out_string(out, view_from_string(role));
		else
			json_out_null(out);
		return;
	case SORT_ORDER:
		json_out_unsigned(out, m->mailbox.order);
		return;
	case TOTAL_EMAILS:
		json_out_unsigned(out, counts->emails);
		return;
	case UNREAD_EMAILS:
		json_out_unsigned(out, counts->unread);
		return;
	case TOTAL_THREADS:
		json_out_unsigned(out, counts->threads);
		return;
	case UNREAD_THREADS:
		json_out_unsigned(out, counts->unread_threads);
		return;
	case MY_RIGHTS:
		write_rights(out, &m->mailbox);
		return;
	default:
		json_out_bool(out, m->mailbox.subscribed);
		return;
	}
}

static void write_mailbox(struct jmap_call *c, const struct getting *g, const struct jmap_mailbox *m)
{
	struct json_out *out = jmap_respond(c);
	struct jmap_counts counts = {0};
	if (g->get.properties & COUNTS)
		counts =
		    jmap_table_counts(g->use.table.table, g->use.list.trash, (uint32_t)m->mailbox.mailbox);
	json_out_object(out);
	for (unsigned i = 0; i < PROPERTIES; i++) {
		if (!(g->get.properties & BIT(i)))
			continue;
		json_out_name(out, view_from_string(properties[i]));
		write_property(c, m, &counts, (enum property)i);
	}
	json_out_end(out);
}

/* ---- Mailbox/get ---- */

static void write_list(struct jmap_call *c, struct jmap_table *t)
{
	struct getting *g = jmap_data(c);
	const struct jmap_mailboxes *list = &g->use.list;
	(void)t;
	jmap_get_list(c);
	for (size_t i = 0; g->get.all && i < list->count; i++)
		write_mailbox(c, g, &list->items[i]);
	for (size_t i = 0; i < g->get.count; i++) {
		uint64_t account, number;
		const struct jmap_mailbox *m = NULL;
		if (mail_id_read(g->get.ids[i], MAIL_ID_MAILBOX, &account, &number) &&
		    account == jmap_account(c)->number)
			m = jmap_mailboxes_find(list, number);
		if (m)
			write_mailbox(c, g, m);
		else
			jmap_get_missing(c, g->get.ids[i]);
	}
	jmap_get_end(c, list->state);
}

static void mailboxes_ready(struct jmap_call *c, struct jmap_mailboxes *list)
{
	struct getting *g = jmap_data(c);
	(void)list;
	if (g->get.properties & COUNTS)
		jmap_table_refresh(c, write_list);
	else
		write_list(c, NULL);
}

static void get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, release);
	if (jmap_get_begin(c, &g->get, properties, BIT(PROPERTIES) - 1, NULL, NULL))
		jmap_mailboxes_load(c, mailboxes_ready);
}

static void changes(struct jmap_call *c)
{
	jmap_mail_changes(c, JMAP_KIND_MAILBOXES);
}

const struct jmap_method jmap_methods_mailbox[] = {
    {"Mailbox/get", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, get},
    {"Mailbox/changes", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, changes},
    {"Mailbox/query", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, jmap_mailbox_query},
    {"Mailbox/queryChanges", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, jmap_mailbox_query_changes},
    {0},
};
