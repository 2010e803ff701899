/* ESEARCH: one search in several mailboxes, RFC 7377. The mailboxes are looked through one after the other.
 */
#include "imap/imap_commands.h"
#include "imap/imap_mailbox_filter.h"
#include "imap/imap_search.h"
#include "imap/imap_state.h"

#include <errno.h>

#define ESEARCH_OPTIONS                                                                                      \
	(IMAP_RETURN_MIN | IMAP_RETURN_MAX | IMAP_RETURN_ALL | IMAP_RETURN_COUNT | IMAP_RETURN_SAVE |        \
	    IMAP_RETURN_PARTIAL | IMAP_RETURN_RELEVANCY)

enum { UIDS_MAX = 64 * 1024 * 1024 /* octets of the ranges of one mailbox: 8 million gaps */ };

struct target {
	struct target *next;
	uint64_t account, mailbox, owner_number;
	struct view name;
	uint32_t uidvalidity;
};

struct esearch {
	struct imap_search search; /* first: see imap_search_new */
	struct imap_mailbox_filter filter;
	struct target *targets, **end;
	struct buf uids;
	bool no_room, opened;
};

static void release(void *data)
{
	struct esearch *e = data;

	buf_done(&e->uids);
	imap_search_release(&e->search);
}

static void search_next(struct imap_session *s);

/* ---- one mailbox ---- */

static void found(struct imap_session *s)
{
	struct esearch *e = imap_data(s);
	const struct target *target = e->targets;
	const struct query_run *run = e->search.run;

	if (e->search.returns.options & IMAP_RETURN_SAVE && !imap_search_save(s, &e->search)) {
		imap_no_error(s, -ENOMEM, "the search");
		return;
	}
	/* RFC 7377 section 2.2: mailboxes without a result are not spoken of. */
	if (query_set_next(query_run_found(run), 0) < query_run_found(run)->size) {
		size_t begun = imap_put_all(s);
		imap_puts(s, "* ESEARCH (TAG ");
		imap_put_string(s, imap_tag(s));
		imap_puts(s, " MAILBOX ");
		imap_put_mailbox(s, target->name);
		imap_putf(s, " UIDVALIDITY %u) UID", target->uidvalidity);
		imap_put_results(s, &e->search, true);
		if (!imap_put_all_line(s, begun))
			return;
	}
	imap_search_release(&e->search);
	e->targets = target->next;
	search_next(s);
}

static void on_open(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct esearch *e = imap_data(s);
	const struct mail_done *done = answer;

	if (type == MAIL_MAILBOX)
		e->targets->uidvalidity = (uint32_t)((const struct mail_mailbox *)answer)->uidvalidity;
	else if (type == MAIL_UIDS)
		(void)buf_append(&e->uids, ((const struct mail_uids *)answer)->ranges);
	if (type != MAIL_DONE)
		return;
	if (done->error == -ENOENT || done->error == -EACCES) { /* it went meanwhile */
		e->targets = e->targets->next;
		search_next(s);
	} else if (done->error || buf_failed(&e->uids)) {
		imap_no_error(s, done->error ? done->error : -ENOMEM, "the search");
	} else {
		imap_search_in(s, &e->search,
		    &(struct imap_search_place){.account = e->targets->account,
		        .mailbox = e->targets->mailbox,
		        .owner_number = e->targets->owner_number,
		        .uids = buf_view(&e->uids)},
		    found);
	}
}

static void search_next(struct imap_session *s)
{
	struct esearch *e = imap_data(s);
	const struct target *target = e->targets;

	buf_done(&e->uids);
	buf_init(&e->uids, UIDS_MAX);
	if (!target)
		imap_ok(s, NULL, "this is what was found");
	else
		imap_ask(s, MAIL_OPEN,
		    &(struct mail_open){.account = target->account, .mailbox = target->mailbox}, on_open);
}

/* ---- which mailboxes ---- */

static void add_target(struct imap_session *s, struct esearch *e, const struct mail_mailbox *mailbox)
{
	struct target *target;
	struct view name;

	if (!(mailbox->rights & RIGHT_READ) || mailbox->marks & MAIL_MAILBOX_NO_MAILBOX)
		return;
	if (!imap_mailbox_name(imap_arena(s), mailbox, &name)) {
		e->no_room = true;
		return;
	}
	if (!imap_filter_means(s, &e->filter, mailbox, name))
		return;
	target = arena_alloc(imap_arena(s), sizeof(*target));
	if (!target || !arena_copy(imap_arena(s), name, &name)) {
		e->no_room = true;
		return;
	}
	*target = (struct target){.account = mailbox->account,
	    .mailbox = mailbox->mailbox,
	    .owner_number = mailbox->owner_number,
	    .name = name};
	*e->end = target;
	e->end = &target->next;
}

static void on_mailbox(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct esearch *e = imap_data(s);
	const struct mail_done *done = answer;

	if (type == MAIL_MAILBOX)
		add_target(s, e, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		imap_no_error(s, done->error, "the list of mailboxes");
	else if (e->no_room)
		imap_no(s, "LIMIT", "there are too many mailboxes");
	else
		search_next(s);
}

static void in_sources(struct imap_in *in, struct esearch *e)
{
	if (!imap_in_word(in, "IN")) {
		e->filter.kinds = IMAP_FILTER_SELECTED;
		return;
	}
	if (!imap_in_space(in) || !imap_in_char(in, '('))
		return;
	do
		if (!imap_in_mailbox_filter(in, &e->filter))
			return;
	while (imap_in_take(in, ' '));
	if (imap_in_char(in, ')'))
		imap_in_space(in);
}

/* Only messages of the selected mailbox can be meant by "$" (RFC 7377 section 2.1), so nothing else is saved.
 */
static bool may_save(struct imap_session *s, const struct esearch *e)
{
	return imap_selected(s) && e->filter.kinds == IMAP_FILTER_SELECTED && e->filter.count == 0;
}

void imap_esearch(struct imap_session *s, struct imap_in *in)
{
	struct esearch *e = imap_search_new(s, sizeof(*e), release);
	struct imap_program *program = &e->search.program;

	e->end = &e->targets;
	buf_init(&e->uids, UIDS_MAX);
	program->other_mailboxes = true;
	if (imap_in_space(in))
		in_sources(in, e);
	if (e->filter.kinds == IMAP_FILTER_SELECTED && e->filter.count == 0 && !imap_selected(s))
		imap_in_wrong(in, "no mailbox is selected");
	if (imap_in_returns(in, ESEARCH_OPTIONS, &e->search.returns))
		imap_search_keys(in, program);
	if (e->search.returns.options & IMAP_RETURN_SAVE && !may_save(s, e))
		imap_in_wrong(in, "only what is found in the selected mailbox can be saved");
	if (imap_search_wrong(s, in, program))
		return;
	imap_search_options(s, &e->search);
	if (!imap_search_is_fine(s, &e->search))
		return;
	imap_ask(s, MAIL_MAILBOXES, &(struct mail_mailboxes){0}, on_mailbox);
}
