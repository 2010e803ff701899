/* What one signed-in person has of JMAP: questions that are under way, accounts, what methods keep. */
#include "jmap/jmap_state.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"

/* ---- the session ---- */

struct jmap_session *jmap_session_new(
    const struct jmap_config *config, const struct jmap_host *host, void *arg)
{
	struct jmap_session *s = mem_alloc(sizeof *s);

	/* Names of members come from strangers: their hashes must not be foreseen. Counts once for a process.
	 */
	json_object_seed((size_t)random_u64() | 1);
	/* The channel may know uploads of a session before this one, and would take new octets for more of
	 * them.
	 */
	s->last_upload = random_u64() >> 33; /* they travel in 32 bits */
	s->host = host;
	s->arg = arg;
	s->config = *config;
	struct view *views[] = {&s->config.address, &s->config.base, &s->config.prefix, &s->config.vapid_key,
	    &s->config.sieve_extensions, &s->config.sieve_notify, &s->config.sieve_lists};
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
		s->texts[i] = mem_string(*views[i]);
		views[i]->data = s->texts[i];
	}
	s->accounts = mem_alloc(sizeof *s->accounts);
	s->accounts[0] = (struct jmap_account){.number = config->account, .address = s->config.address};
	s->account_count = 1;
	s->put_account = jmap_put_account;
	return s;
}

static void free_accounts(struct jmap_account *accounts, size_t count)
{
	for (size_t i = 1; i < count; i++) /* the own address is the config's */
		mem_free((char *)(uintptr_t)accounts[i].address.data);
	mem_free(accounts);
}

void jmap_session_free(struct jmap_session *s)
{
	if (s == NULL)
		return;
	while (s->requests)
		jmap_request_drop(s->requests);
	for (size_t i = 0; i < s->kept_count; i++)
		if (s->kept[i].release)
			s->kept[i].release(s->kept[i].value);
	mem_free(s->kept);
	mail_names_done(&s->names);
	free_accounts(s->accounts, s->account_count);
	free_accounts(s->gathered, s->gathered_count);
	for (size_t i = 0; i < sizeof s->texts / sizeof s->texts[0]; i++)
		mem_free(s->texts[i]);
	mem_free(s->questions);
	mem_free(s);
}

/* ---- accounts ---- */

/* Alike in every process that answers for the same account, so that no client asks again without need. */
static void reckon_state(struct jmap_session *s)
{
	uint64_t hash = jmap_hash(JMAP_HASH_BEGIN, VIEW(POSTRIDER_VERSION));

	hash = jmap_hash(hash, s->config.base);
	hash = jmap_hash(hash, s->config.prefix);
	hash = jmap_hash(hash, view_of(&s->config.message_max, sizeof s->config.message_max));
	hash = jmap_hash(hash, view_of(&s->config.delay_max, sizeof s->config.delay_max));
	hash = jmap_hash(hash, view_of(&s->config.attach_max, sizeof s->config.attach_max));
	hash = jmap_hash(hash, view_of(&s->config.file_link_days, sizeof s->config.file_link_days));
	hash = jmap_hash(hash, view_of(&s->config.file_link_space, sizeof s->config.file_link_space));
	hash = jmap_hash(hash, s->config.sieve_extensions);
	for (size_t i = 0; i < s->account_count; i++) {
		hash = jmap_hash(hash, view_of(&s->accounts[i].number, sizeof s->accounts[i].number));
		hash = jmap_hash(hash, s->accounts[i].address);
	}
	s->state = hash;
}

static void advance_waiting(struct jmap_session *s)
{
	struct jmap_request *r;

	do {
		for (r = s->requests; r && !r->waiting; r = r->next)
			continue;
		if (r) {
			r->waiting = false;
			(void)jmap_advance(r);
		}
	} while (r);
}

static void gather_account(struct jmap_session *s, const struct mail_mailbox *m)
{
	if (m->account == 0 || m->marks & MAIL_MAILBOX_NO_MAILBOX || s->gathered_count >= JMAP_ACCOUNTS_MAX)
		return;
	for (size_t i = 1; i < s->gathered_count; i++)
		if (s->gathered[i].ask == m->account)
			return;
	s->gathered = mem_resize(s->gathered, (s->gathered_count + 1) * sizeof *s->gathered);
	s->gathered[s->gathered_count++] =
	    (struct jmap_account){m->owner_number, m->account, {mem_string(m->owner), m->owner.len}};
}

static void accounts_are_gathered(struct jmap_session *s, int64_t error)
{
	s->accounts_number = 0;
	if (error == 0) {
		free_accounts(s->accounts, s->account_count);
		s->accounts = s->gathered;
		s->account_count = s->gathered_count;
		s->accounts_known = true;
	} else {
		free_accounts(s->gathered, s->gathered_count);
	}
	s->gathered = NULL;
	s->gathered_count = 0;
	reckon_state(s);
	advance_waiting(s);
}

void jmap_session_accounts_changed(struct jmap_session *s)
{
	s->accounts_known = false;
}

/* ---- answers ---- */

static void forget(struct jmap_session *s, size_t i)
{
	memmove(&s->questions[i], &s->questions[i + 1], (s->question_count - i - 1) * sizeof *s->questions);
	s->question_count--;
}

static void on_account(struct jmap_session *s, unsigned type, const void *answer)
{
	if (type == MAIL_MAILBOX)
		gather_account(s, answer);
	else if (type == MAIL_DONE)
		accounts_are_gathered(s, ((const struct mail_done *)answer)->error);
}

static void on_credit(struct jmap_session *s, const struct mail_upload_credit *credit)
{
	for (struct jmap_request *r = s->requests, *next; r; r = next) {
		next = r->next;
		if (r->call.serial && !r->call.ended && r->call.credited)
			r->call.credited(&r->call, credit);
	}
	for (struct jmap_request *r = s->requests; r;)
		if (r->call.ended) {
			(void)jmap_advance(r);
			r = s->requests;
		} else {
			r = r->next;
		}
}

void jmap_session_answer(struct jmap_session *s, uint32_t number, unsigned type, const void *answer)
{
	size_t i = 0;

	if (type == MAIL_KEYWORDS)
		mail_names_take(&s->names, answer);
	if (type == MAIL_UPLOAD_CREDIT) {
		on_credit(s, answer);
		return;
	}
	while (i < s->question_count && s->questions[i].number != number)
		i++;
	if (i == s->question_count)
		return;
	struct jmap_question asked = s->questions[i];
	if (type == MAIL_DONE)
		forget(s, i);
	if (number == s->accounts_number) {
		on_account(s, type, answer);
		return;
	}
	if (type == MAIL_KEYWORDS || asked.request == NULL || asked.request->call.serial != asked.serial ||
	    asked.request->call.ended)
		return;
	asked.answered(&asked.request->call, type, answer);
	if (asked.request->call.ended)
		(void)jmap_advance(asked.request);
}

/* What it has written so far is written, and nobody knows how much that is: the client has to look. */
static void lose_call(struct jmap_call *c)
{
	if (c->method && c->method->flags & JMAP_WRITES)
		jmap_error(c, "serverPartialFail",
		    "the server was interrupted; some of the changes may have been made");
	else
		jmap_error_of(c, -EIO, "the account");
}

void jmap_session_lost(struct jmap_session *s)
{
	struct jmap_request *r;

	s->lost = true;
	s->question_count = 0;
	if (s->accounts_number)
		accounts_are_gathered(s, -EIO);
	do {
		for (r = s->requests; r && (r->call.serial == 0 || r->call.ended); r = r->next)
			continue;
		if (r) {
			lose_call(&r->call);
			(void)jmap_advance(r);
		}
	} while (r);
}
