/* SCRIPT_NOTE: what is about to be done with an email by hand, kept so that it can be undone. */
#include <errno.h>

#include "account/filed_list.h"
#include "base/container.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/rules_state.h"
#include "role/store/store_private.h"

struct right_note {
	struct question question;
	struct account_filed_note note;
	struct account_place places[ACCOUNT_TARGET_PLACES_MAX];
	struct arena texts;
};

static void release(struct question *question)
{
	arena_done(&container_of(question, struct right_note, question)->texts);
}

static const struct question_kind kind = {.release = release};

static void noted(struct account_filed_note *note, int result)
{
	struct right_note *x = container_of(note, struct right_note, note);
	if (question_back(&x->question))
		question_fail(&x->question, result);
}

static void take_places(struct right_note *x, struct view places)
{
	struct cursor in = cursor_on(places);
	while (in.rest.len >= 8 && x->note.place_count < ACCOUNT_TARGET_PLACES_MAX) {
		struct account_place *p = &x->places[x->note.place_count++];
		p->mailbox = cursor_u32(&in);
		p->uid = cursor_u32(&in);
	}
}

static bool copy_texts(struct right_note *x, const struct script_note *m)
{
	struct account_filed_reason *r = &x->note.reason;
	return arena_copy(&x->texts, m->script, &r->script) &&
	       arena_copy(&x->texts, m->rule_name, &r->rule_name) && arena_copy(&x->texts, m->why, &r->why) &&
	       arena_copy(&x->texts, m->target, &r->target) && arena_copy(&x->texts, m->flags, &r->flags);
}

void right_script_note(struct right *r, uint32_t request, const void *message)
{
	enum { TEXTS_MAX = 32 << 10 };
	const struct script_note *m = message;
	struct right_note *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->texts, TEXTS_MAX);
	x->note = (struct account_filed_note){.shard = r->account,
	    .emailid = m->email,
	    .places = x->places,
	    .reason = {.kind = (uint8_t)m->kind,
	        .program = RULES_PROGRAM_TRIED,
	        .version = m->action,
	        .line = (uint32_t)m->line,
	        .why_line = (uint32_t)m->why_line,
	        .rule = (uint32_t)m->rule},
	    .done = noted};
	take_places(x, m->places);
	if (!copy_texts(x, m)) {
		question_fail(&x->question, -ENOMEM);
	} else if (x->note.place_count < 1 || m->email == 0 || m->action == 0) {
		question_fail(&x->question, -EINVAL);
	} else {
		question_call(&x->question);
		account_filed_note(&store_role.accounts, &x->note);
	}
}
