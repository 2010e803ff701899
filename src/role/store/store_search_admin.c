/* `postrider search` asked of the running store: how far the index is, and to make it anew. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "role/store/store_private.h"
#include "role/store/store_search.h"

enum { SLICE = STORE_READ_KEYS_MAX };

struct search_command {
	struct channel *to; /* NULL: the asker is gone */
	uint32_t request;
	bool json;
	void (*ended)(void *arg);
	void *arg;
	struct account_search state;
	struct segment_head heads[ACCOUNT_SEGMENTS_MAX];
	struct account_email_ids listing;
	uint64_t ids[SLICE];
	uint64_t waiting;
};

static void answer(struct search_command *c, const char *text, uint64_t status)
{
	struct message_output m = {.text = view_from_string(text), .status = status, .last = true};
	if (c->to)
		ipc_send(c->to, MESSAGE_OUTPUT, c->request, &m, -1);
	c->ended(c->arg);
	mem_free(c);
}

static void fail(struct search_command *c, int error)
{
	struct buf text;
	buf_init(&text, 256);
	buf_printf(&text, "the index cannot be read or changed now: %s\n", strerror(-error));
	answer(c, error == -ENOENT ? "there is no such account\n" : buf_string(&text),
	    error == -ENOENT ? 66 : 75);
	buf_done(&text);
}

/* ---- status ---- */

static void put_rows(
    struct search_command *c, const char *const names[], const uint64_t values[], size_t count)
{
	struct buf out;
	buf_init(&out, 2048);
	for (size_t i = 0; i < count; i++)
		buf_printf(&out, c->json ? "%s\"%s\":%" PRIu64 : "%s%-10s %" PRIu64 "\n",
		    c->json ? (i ? "," : "{") : "", names[i], values[i]);
	if (c->json)
		buf_append_string(&out, "}\n");
	answer(c, buf_string(&out), 0);
	buf_done(&out);
}

static void tell_all(struct search_command *c)
{
	static const char *const names[] = {"indexing", "accounts", "messages", "reader"};
	struct store_search_figures f;
	store_search_figures(&f);
	const uint64_t values[] = {f.on, f.waiting + (f.account != 0), f.messages, f.content_up};
	put_rows(c, names, values, 4);
}

static void tell_account(struct search_command *c)
{
	static const char *const names[] = {"messages", "waiting", "segments", "bytes"};
	uint64_t messages = 0, bytes = 0;
	for (size_t i = 0; i < c->state.count; i++) {
		messages += c->heads[i].messages;
		bytes += segment_length(&c->heads[i], SEGMENT_DICTIONARY) +
		         segment_length(&c->heads[i], SEGMENT_POSTINGS);
	}
	const uint64_t values[] = {messages, c->waiting, c->state.count, bytes};
	put_rows(c, names, values, 4);
}

static void listed(struct account_email_ids *e, int result)
{
	struct search_command *c = e->arg;
	if (result || c->to == NULL) {
		fail(c, result ? result : -ECANCELED);
		return;
	}
	c->waiting += e->count;
	if (e->count < e->room) {
		tell_account(c);
		return;
	}
	e->after = e->ids[e->count - 1];
	account_email_ids(&store_role.accounts, e);
}

static void state_read(struct account_search *s, int result)
{
	struct search_command *c = s->arg;
	if (result) {
		fail(c, result);
		return;
	}
	if (store_search_heads(s, c->heads) != 0)
		s->count = s->covered = 0;
	c->listing = (struct account_email_ids){.shard = s->shard,
	    .after = s->covered,
	    .last = s->next_email ? s->next_email - 1 : 0,
	    .ids = c->ids,
	    .room = SLICE,
	    .done = listed,
	    .arg = c};
	account_email_ids(&store_role.accounts, &c->listing);
}

/* ---- rebuild ---- */

static void dropped(void *arg, int result)
{
	struct search_command *c = arg;
	if (result)
		fail(c, result);
	else
		answer(c, "", 0);
}

/* ---- the command ---- */

struct search_command *store_search_command(struct channel *to, uint32_t request,
    const struct message_field *words, size_t count, bool json, void (*ended)(void *arg), void *arg)
{
	struct search_command *c = mem_alloc(sizeof *c);
	uint64_t account = 0;
	bool status = count > 0 && view_equal(words[0].value, VIEW("status"));
	bool rebuild = count == 2 && view_equal(words[0].value, VIEW("rebuild"));
	bool known = count < 2 || view_to_u64(words[1].value, UINT64_MAX, &account);
	c->to = to;
	c->request = request;
	c->json = json;
	c->ended = ended;
	c->arg = arg;
	if (!known || count > 2 || (!status && !rebuild)) {
		answer(
		    c, "the running server does not know this command; does it run another version?\n", 64);
		return NULL;
	}
	if (count == 1) {
		tell_all(c);
		return NULL;
	}
	if (rebuild) {
		store_search_rebuild(account, dropped, c);
	} else {
		c->state = (struct account_search){.shard = account, .done = state_read, .arg = c};
		account_search_read(&store_role.accounts, &c->state);
	}
	return c;
}

void store_search_command_cancel(struct search_command *c)
{
	c->to = NULL;
}
