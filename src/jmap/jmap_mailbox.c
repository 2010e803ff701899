/* Mailboxes: get, changes, query, queryChanges (RFC 8621 section 2). */
#include "jmap/jmap_mailbox.h"

#include <errno.h>

#include "jmap/jmap_mailboxes.h"
#include "jmap/jmap_rights.h"

static const char *const properties[] = {"id", "name", "parentId", "role", "sortOrder", "totalEmails",
    "unreadEmails", "totalThreads", "unreadThreads", "myRights", "isSubscribed", "shareWith", NULL};
/* Of a request that knows nothing of sharing. */
static const char *const plain_properties[] = {"id", "name", "parentId", "role", "sortOrder", "totalEmails",
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
	SHARE_WITH,
	PROPERTIES
};
#define BIT(property) ((uint64_t)1 << (property))
#define COUNTS (BIT(TOTAL_EMAILS) | BIT(UNREAD_EMAILS) | BIT(TOTAL_THREADS) | BIT(UNREAD_THREADS))

/* Somebody's rights to a mailbox. */
struct grant {
	struct grant *next;
	uint64_t mailbox, number, rights;
};

struct getting {
	struct jmap_mailboxes_use use;
	struct jmap_get get;
	bool sharing;         /* the request knows of it */
	struct grant *grants; /* in the arena */
	size_t asked;         /* mailboxes whose access lists are known */
	bool failed;
};

static void release(void *data)
{
	jmap_table_leave(&((struct getting *)data)->use.table);
}

/* ---- an object ---- */

/* RFC 9670 section 4: null: with nobody, or it is not this user's to see. */
static void write_share_with(struct json_out *out, const struct getting *g, uint64_t mailbox)
{
	char id[MAIL_ID_MAX];
	bool any = false;
	for (const struct grant *grant = g->grants; grant; grant = grant->next) {
		if (grant->mailbox != mailbox)
			continue;
		if (!any)
			json_out_object(out);
		any = true;
		json_out_name(out, view_of(id, jmap_principal_write(id, grant->number)));
		jmap_put_rights(out, grant->rights, JMAP_RIGHTS_SHARE);
	}
	if (any)
		json_out_end(out);
	else
		json_out_null(out);
}

static void write_property(struct jmap_call *c, const struct getting *g, const struct jmap_mailbox *m,
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
		jmap_put_rights(out, m->mailbox.rights,
		    (g->sharing ? JMAP_RIGHTS_SHARE : 0U) |
		        (m->mailbox.mailbox == MAILBOX_INBOX ? JMAP_RIGHTS_INBOX : 0U));
		return;
	case SHARE_WITH:
		write_share_with(out, g, m->mailbox.mailbox);
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
		write_property(c, g, m, &counts, (enum property)i);
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

static void go_on(struct jmap_call *c, const struct getting *g)
{
	if (g->get.properties & COUNTS)
		jmap_table_refresh(c, write_list);
	else
		write_list(c, NULL);
}

/* ---- access lists ---- */

static void ask_grants(struct jmap_call *c, struct getting *g);

static void take_grant(struct jmap_call *c, struct getting *g, const struct mail_grant *m)
{
	struct grant *grant;
	/* A right that is taken away, and those of anyone, are no Principal's. */
	if (m->number == 0 || (m->who.len > 0 && m->who.data[0] == '-'))
		return;
	grant = arena_alloc(jmap_arena(c), sizeof *grant);
	g->failed = g->failed || grant == NULL;
	if (grant == NULL)
		return;
	*grant = (struct grant){g->grants, m->mailbox, m->number, m->rights};
	g->grants = grant;
}

static void grants_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == MAIL_GRANT)
		take_grant(c, g, answer);
	if (type != MAIL_DONE)
		return;
	/* It went meanwhile, or the right did. */
	bool gone = done->error == -ENOENT || done->error == -EACCES;
	if ((done->error && !gone) || g->failed)
		jmap_error_of(c, g->failed ? -ENOMEM : done->error, "who shares the Mailboxes");
	else
		ask_grants(c, g);
}

/* One list behind the other: few Mailboxes are shared. */
static void ask_grants(struct jmap_call *c, struct getting *g)
{
	const struct jmap_mailboxes *list = &g->use.list;
	while (g->asked < list->count) {
		const struct mail_mailbox *m = &list->items[g->asked++].mailbox;
		if (!(m->marks & MAIL_MAILBOX_SHARED) || !(m->rights & RIGHT_ADMIN))
			continue;
		jmap_ask(c, MAIL_GRANTS,
		    &(struct mail_grants){.account = jmap_account(c)->ask, .mailbox = m->mailbox},
		    grants_answered);
		return;
	}
	go_on(c, g);
}

static void mailboxes_ready(struct jmap_call *c, struct jmap_mailboxes *list)
{
	struct getting *g = jmap_data(c);
	(void)list;
	if (g->get.properties & BIT(SHARE_WITH))
		ask_grants(c, g);
	else
		go_on(c, g);
}

static void get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, release);
	g->sharing = jmap_uses_sharing(c);
	if (jmap_get_begin(c, &g->get, g->sharing ? properties : plain_properties,
	        BIT(g->sharing ? PROPERTIES : SHARE_WITH) - 1, NULL, NULL))
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
