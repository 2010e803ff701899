/* Questions to the account and their answers; mailboxes by name. */
#include "imap/imap_state.h"

#include <errno.h>

#include "base/mem.h"

/* ---- questions ---- */

static uint32_t ask(struct imap_session *s, enum mail_type type, const void *question,
    imap_answered *answered, uint32_t serial)
{
	if (s->question_count == s->question_room) {
		s->question_room = s->question_room ? 2 * s->question_room : 2;
		s->questions = mem_resize(s->questions, s->question_room * sizeof *s->questions);
	}
	do
		s->last_request++;
	while (s->last_request == 0 || s->last_request == s->watch);
	s->questions[s->question_count++] =
	    (struct imap_question){.request = s->last_request, .serial = serial, .answered = answered};
	uint32_t request = s->last_request;
	s->backend->ask(s->arg, request, type, question);
	return request;
}

static bool changes_messages(enum mail_type type)
{
	return type == MAIL_STORE || type == MAIL_COPY || type == MAIL_EXPUNGE || type == MAIL_APPEND ||
	       type == MAIL_ANNOTATE;
}

uint32_t imap_ask(struct imap_session *s, enum mail_type type, const void *question, imap_answered *answered)
{
	s->news |= changes_messages(type);
	return ask(s, type, question, answered, s->command ? s->serial : 0);
}

uint32_t imap_ask_on(
    struct imap_session *s, enum mail_type type, const void *question, imap_answered *answered)
{
	return ask(s, type, question, answered, 0);
}

void imap_tell(struct imap_session *s, uint32_t request, enum mail_type type, const void *said)
{
	s->backend->ask(s->arg, request, type, said);
}

static struct imap_question *question_of(struct imap_session *s, uint32_t request)
{
	for (size_t i = 0; i < s->question_count; i++)
		if (s->questions[i].request == request)
			return &s->questions[i];
	return NULL;
}

static void forget(struct imap_session *s, const struct imap_question *q)
{
	size_t i = (size_t)(q - s->questions);
	for (s->question_count--; i < s->question_count; i++)
		s->questions[i] = s->questions[i + 1];
}

void imap_stop(struct imap_session *s, uint32_t request)
{
	struct imap_question *q = question_of(s, request);
	if (q == NULL)
		return;
	forget(s, q);
	s->backend->ask(s->arg, request, MAIL_STOP, &(struct mail_stop){0});
}

void imap_questions_forget(struct imap_session *s)
{
	s->question_count = 0;
	s->watch = 0;
}

/* ---- answers ---- */

static void take_keywords(struct imap_session *s, const struct mail_keywords *keywords)
{
	mail_names_take(&s->names, keywords);
	if (s->selected && s->selected->account == keywords->account)
		s->flags_untold = true;
}

void imap_answer(struct imap_session *s, uint32_t request, enum mail_type type, const void *answer)
{
	if (type == MAIL_KEYWORDS)
		take_keywords(s, answer);
	if (type == MAIL_UPLOAD_CREDIT && !s->closing && s->credit)
		s->credit(s, answer);
	struct imap_question *q = question_of(s, request);
	if (q == NULL || s->closing)
		return;
	struct imap_question asked = *q;
	if (type == MAIL_DONE)
		forget(s, q);
	if (type == MAIL_KEYWORDS || asked.answered == NULL)
		return;
	/* The command that wanted to know has ended. */
	if (asked.serial && (asked.serial != s->serial || s->command == NULL))
		return;
	asked.answered(s, type, answer);
}

/* ---- mailboxes by name ---- */

/* "Users/ADDRESS/path": of whom, and which; of one's own: no owner. False: it is a level above others'
 * mailboxes. */
static bool split_name(struct view name, struct view *owner, struct view *path)
{
	*owner = (struct view){0};
	*path = name;
	struct view others = VIEW(IMAP_OTHERS);
	if (!view_starts_nocase(name, others))
		return !view_equal_nocase(name, view_take(others, others.len - 1));
	struct view rest = view_skip(name, others.len);
	ptrdiff_t slash = view_find(rest, '/');
	if (slash <= 0 || (size_t)slash + 1 == rest.len)
		return false;
	*owner = view_take(rest, (size_t)slash);
	*path = view_skip(rest, (size_t)slash + 1);
	if (view_equal_nocase(*path, VIEW("INBOX")))
		*path = VIEW("INBOX");
	return true;
}

static void on_found(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (type == MAIL_MAILBOX) {
		const struct mail_mailbox *mailbox = answer;
		if (s->found_mailbox || mailbox->marks & MAIL_MAILBOX_NO_MAILBOX ||
		    !view_equal(mailbox->path, s->find_path) ||
		    !view_equal_nocase(mailbox->owner, s->find_owner))
			return;
		struct mail_mailbox *copy = arena_alloc(&s->arena, sizeof *copy);
		if (copy == NULL)
			return;
		*copy = *mailbox;
		if (arena_copy(&s->arena, mailbox->path, &copy->path) &&
		    arena_copy(&s->arena, mailbox->owner, &copy->owner))
			s->found_mailbox = copy;
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;
		const struct mail_mailbox *mailbox = s->found_mailbox;
		imap_found *found = s->found;
		s->found = NULL;
		s->found_mailbox = NULL;
		found(s, mailbox, mailbox ? 0 : done->error ? done->error : -ENOENT);
	}
}

void imap_find_mailbox(struct imap_session *s, struct view path, imap_found *found)
{
	/* A name that no mailbox can have is asked for as well: the answer then comes as all answers come,
	 * later. */
	struct view given, owner, own;
	if (!arena_copy(&s->arena, path, &given))
		given = (struct view){0};
	if (!split_name(given, &owner, &own))
		own = owner = (struct view){0};
	s->found = found;
	s->found_mailbox = NULL;
	s->find_path = own;
	s->find_owner = owner;
	struct mail_mailboxes question = {.path = own, .owner = owner, .own_only = owner.len == 0};
	if (own.len == 0)
		question.path = VIEW("/"); /* no mailbox is called so */
	imap_ask(s, MAIL_MAILBOXES, &question, on_found);
}

bool imap_split_name(struct view name, struct view *owner, struct view *path)
{
	return split_name(name, owner, path);
}
