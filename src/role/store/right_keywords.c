/* Which names of keywords a session has been told, of each account that it looks at. */
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_told {
	struct right_told *next;
	uint64_t shard, modseq; /* of the last change of a name that was told */
};

static struct right_told *told_of(struct right *r, uint64_t shard)
{
	struct right_told *t = r->told;
	while (t && t->shard != shard)
		t = t->next;
	if (t)
		return t;
	t = mem_alloc(sizeof *t);
	*t = (struct right_told){.next = r->told, .shard = shard};
	return r->told = t;
}

static void read(struct account_keyword_names *names, int result)
{
	struct right_keywords *k = container_of(names, struct right_keywords, names);
	struct question *q = k->question;
	if (!question_back(q))
		return;
	if (result == 0 && names->has_names) {
		struct mail_keywords m = {.account = k->account, .entries = buf_view(&names->names)};
		told_of(q->right, names->shard)->modseq = names->modseq;
		if (!question_answer(q, MAIL_KEYWORDS, &m))
			return;
	}
	k->then(q, result);
}

void right_keywords(struct question *q, struct right_keywords *k, const struct right_mailbox *box,
    const uint32_t *uids, size_t uid_count, void (*then)(struct question *q, int error))
{
	right_keywords_free(k);
	k->question = q;
	k->account = box->account;
	k->then = then;
	k->names = (struct account_keyword_names){.shard = box->shard,
	    .known = told_of(q->right, box->shard)->modseq,
	    .mailbox = box->mailbox,
	    .uids = uids,
	    .uid_count = uid_count,
	    .done = read};
	question_call(q);
	account_keyword_names(&store_role.accounts, &k->names);
}

void right_keywords_free(struct right_keywords *k)
{
	account_keyword_names_free(&k->names);
}

void right_keywords_close(struct right *r)
{
	while (r->told) {
		struct right_told *t = r->told;
		r->told = t->next;
		mem_free(t);
	}
}
