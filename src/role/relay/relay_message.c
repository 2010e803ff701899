/* See relay_message.h. */
#include "role/relay/relay_message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"

static struct map flights; /* id and destination -> struct relay_message on a connection */

/* ---- taking it over ---- */

/* One piece of memory for all texts and the body: a thousand slow hosts have thousands of messages waiting.
 */
static size_t text_length(const struct message_queue_message *from)
{
	const struct message_queue_recipient *recipients = from->recipients.items;
	size_t n = from->id.len + from->terms.sender.len + from->terms.envid.len + from->head.len +
	           from->signer.len + from->bytes.len;
	for (size_t i = 0; i < from->recipients.count; i++)
		n += recipients[i].address.len + recipients[i].orcpt.len + recipients[i].forwarder.len;
	return n;
}

static void copy(char **at, struct view from, struct view *to)
{
	if (from.len > 0)
		memcpy(*at, from.data, from.len);
	*to = view_of(*at, from.len);
	*at += from.len;
}

static void copy_texts(struct relay_message *m, const struct message_queue_message *from)
{
	const struct message_queue_recipient *recipients = from->recipients.items;
	char *at = m->texts;
	copy(&at, from->id, &m->m.id);
	copy(&at, from->terms.sender, &m->m.terms.sender);
	copy(&at, from->terms.envid, &m->m.terms.envid);
	copy(&at, from->head, &m->m.head);
	copy(&at, from->signer, &m->m.signer);
	copy(&at, from->bytes, &m->m.bytes);
	for (size_t i = 0; i < m->count; i++) {
		const struct message_queue_recipient *f = &recipients[i];
		struct relay_recipient *r = &m->recipients[i];
		*r = (struct relay_recipient){.number = f->number, .notify = (unsigned)f->notify};
		copy(&at, f->address, &r->address);
		copy(&at, f->orcpt, &r->orcpt);
		copy(&at, f->forwarder, &r->forwarder);
	}
}

struct relay_message *relay_message_new(const char *destination, const struct message_queue_message *from,
    const struct relay_message_owner *owner, void *arg)
{
	char *texts = mem_try(text_length(from) + 1);
	if (texts == NULL)
		return NULL;
	struct relay_message *m = mem_alloc(sizeof *m);
	m->owner = owner;
	m->arg = arg;
	m->destination = destination;
	m->number = from->number;
	m->m = *from;
	m->m.recipients = (struct codec_list){0};
	m->count = from->recipients.count;
	m->recipients = mem_array(m->count, sizeof *m->recipients);
	m->texts = texts;
	copy_texts(m, from);
	relay_role.bodies += m->m.bytes.len;
	return m;
}

void relay_message_free(struct relay_message *m)
{
	if (m == NULL)
		return;
	relay_message_lands(m);
	if (m->srs_request)
		calls_forget(&relay_role.keys, m->srs_request);
	relay_convert_free(m->convert);
	relay_role.bodies -= m->m.bytes.len;
	for (size_t i = 0; i < m->count; i++)
		relay_reason_done(&m->recipients[i].words);
	mem_free(m->recipients);
	mem_free(m->texts);
	mem_free(m->rewritten);
	mem_free(m->group);
	mem_free(m->group_numbers);
	mem_free(m);
}

/* ---- on a connection ---- */

enum { FLIGHT_MAX = 12 + 1 + 256 };

static struct view flight_key(struct view id, const char *destination, char key[FLIGHT_MAX])
{
	int n = snprintf(key, FLIGHT_MAX, "%.*s %s", VIEW_FMT(id), destination);
	return view_of(key, (size_t)(n < FLIGHT_MAX ? n : FLIGHT_MAX - 1));
}

void relay_message_takes_off(struct relay_message *m, void (*ready)(void *arg), void *arg)
{
	char key[FLIGHT_MAX];
	m->ready = ready;
	m->ready_arg = arg;
	map_set(&flights, flight_key(m->m.id, m->destination, key), m);
}

void relay_message_lands(struct relay_message *m)
{
	char key[FLIGHT_MAX];
	struct view k = flight_key(m->m.id, m->destination, key);
	m->ready = NULL;
	if (map_get(&flights, k) == m)
		map_remove(&flights, k);
}

bool relay_message_is_flying(const char *destination, const struct message_queue_message *m)
{
	char key[FLIGHT_MAX];
	struct relay_message *flying = map_get(&flights, flight_key(m->id, destination, key));
	if (flying)
		flying->number = m->number;
	return flying != NULL;
}

/* What it has waited for is there; off a connection nobody waits. */
static void be_ready(void *arg)
{
	struct relay_message *m = arg;
	if (m->ready)
		m->ready(m->ready_arg);
}

/* ---- conversion ---- */

void relay_message_converted(struct relay_message *m)
{
	relay_convert_free(m->convert);
	m->convert = NULL;
}

void relay_message_convert(struct relay_message *m, enum relay_convert_purpose purpose)
{
	/* One that was made for a host of another kind. */
	if (m->convert && relay_convert_purpose(m->convert) != purpose)
		relay_message_converted(m);
	if (m->convert == NULL)
		m->convert = relay_convert_new(&m->m, purpose, be_ready, m);
}

/* ---- rewriting the sender (SRS) ---- */

static bool on_rewritten(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_message *m = arg;
	struct message_srs_answer answer;
	if (frame && !link_decode(link, frame, &answer))
		return false;
	m->srs_request = 0;
	/* Keys is gone: the next group is asked for anew. Under its own sender the mail would break the SPF
	 * record of the sender's domain, and be refused for good. */
	if (frame == NULL) {
		be_ready(m);
		return true;
	}
	/* What cannot be rewritten (our own domain, too long) goes with the sender that it has. */
	m->rewritten = mem_string(answer.error ? m->m.terms.sender : answer.address);
	be_ready(m);
	return true;
}

/* True when the group's sender is known. */
static bool know_sender(struct relay_message *m, struct view forwarder, struct view *sender)
{
	*sender = m->m.terms.sender;
	if (forwarder.len == 0 || m->m.terms.sender.len == 0)
		return true;
	if (m->rewritten && view_equal(m->forwarder, forwarder)) {
		*sender = view_from_string(m->rewritten);
		return true;
	}
	mem_free(m->rewritten);
	m->rewritten = NULL;
	m->forwarder = forwarder;
	ptrdiff_t at = view_find(forwarder, '@');
	struct message_srs question = {.operation = SRS_REWRITE,
	    .address = m->m.terms.sender,
	    .domain = view_skip(forwarder, (size_t)(at + 1))};
	m->srs_request = calls_ask(&relay_role.keys, MESSAGE_SRS, &question, on_rewritten, m);
	return false;
}

/* ---- groups ---- */

static struct view notify_text(unsigned notify)
{
	/* Indexed by the bits SUCCESS, FAILURE, DELAY. */
	static const char *const texts[8] = {"", "SUCCESS", "FAILURE", "SUCCESS,FAILURE", "DELAY",
	    "SUCCESS,DELAY", "FAILURE,DELAY", "SUCCESS,FAILURE,DELAY"};
	return notify & NOTIFY_NEVER ? VIEW("NEVER") : view_from_string(texts[notify >> 1 & 7]);
}

static void fill_transaction(struct relay_message *m, struct view sender)
{
	m->transaction = (struct smtp_client_transaction){
	    .terms = m->m.terms,
	    .by_seconds = m->m.terms.by_mode == SMTP_BY_NONE ? 0 : m->m.terms.by_time - clock_wall(),
	    .size = m->m.size > 0 ? m->m.head.len + m->m.size : 0,
	    .recipients = m->group,
	    .count = m->group_count,
	};
	m->transaction.terms.sender = sender;
}

bool relay_message_group(struct relay_message *m, size_t max, bool *wait)
{
	struct view sender, forwarder = {0};
	size_t first = 0;
	static const struct relay_reason restarting = {
	    TROUBLE_LOCAL, "4.3.0", "", "a part of this server is restarting"};
	*wait = false;
	while (first < m->count && m->recipients[first].has_result)
		first++;
	if (first == m->count)
		return false;
	forwarder = m->recipients[first].forwarder;
	if (!know_sender(m, forwarder, &sender)) {
		*wait = m->srs_request != 0;
		if (!*wait)
			relay_message_fail(m, QUEUE_UNTRIED, &restarting);
		return *wait;
	}
	if (m->group == NULL) {
		m->group = mem_array(m->count, sizeof *m->group);
		m->group_numbers = mem_array(m->count, sizeof *m->group_numbers);
	}
	m->group_count = 0;
	for (size_t i = first; i < m->count && m->group_count < max; i++) {
		const struct relay_recipient *r = &m->recipients[i];
		if (r->has_result || !view_equal(r->forwarder, forwarder))
			continue;
		m->group_numbers[m->group_count] = i;
		m->group[m->group_count++] = (struct smtp_client_recipient){
		    .address = r->address, .notify = notify_text(r->notify), .orcpt = r->orcpt};
	}
	fill_transaction(m, sender);
	return true;
}

/* ---- results ---- */

void relay_message_result(
    struct relay_message *m, size_t recipient, uint64_t verdict, const struct relay_reason *why)
{
	struct relay_recipient *r = &m->recipients[recipient];
	r->has_result = true;
	r->verdict = verdict;
	relay_reason_copy(&r->words, why);
}

void relay_message_answered(
    struct relay_message *m, size_t recipient, uint64_t verdict, const struct smtp_client_reply *reply)
{
	/* A host without enhanced codes: the class at least is known (RFC 3463 section 3.1). */
	static const char *const general[] = {[QUEUE_DELIVERED] = "2.0.0",
	    [QUEUE_RELAYED] = "2.0.0",
	    [QUEUE_PASSED_ON] = "2.0.0",
	    [QUEUE_FAILED] = "5.0.0",
	    [QUEUE_DEFERRED] = "4.0.0"};
	struct relay_recipient *r = &m->recipients[recipient];
	char status[16];
	snprintf(status, sizeof status, "%.*s", VIEW_FMT(view_take(reply->enhanced, sizeof status - 1)));
	/* What becomes of the message has the say where the host's class is another one: 552 for too many
	 * recipients. */
	bool fits = status[0] == general[verdict][0];
	r->has_result = true;
	r->verdict = verdict;
	relay_reason_reply(&r->words, fits ? status : general[verdict], reply);
}

void relay_message_fail(struct relay_message *m, uint64_t verdict, const struct relay_reason *why)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->recipients[i].has_result)
			relay_message_result(m, i, verdict, why);
}

bool relay_message_is_complete(const struct relay_message *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->recipients[i].has_result)
			return false;
	return true;
}

static void tell_store(const struct relay_message *m, const struct relay_peer *peer)
{
	struct message_queue_result *results = mem_array(m->count, sizeof *results);
	for (size_t i = 0; i < m->count; i++) {
		const struct relay_recipient *r = &m->recipients[i];
		results[i] = (struct message_queue_result){.recipient = r->number,
		    .verdict = r->verdict,
		    .cause = r->words.cause,
		    .status = view_from_string(r->words.status),
		    .reply = view_from_string(r->words.text),
		    .stage = view_take(view_from_string(r->words.stage), QUEUE_STAGE_MAX)};
	}
	struct message_queue_outcome outcome = {
	    .number = m->number,
	    .id = m->m.id,
	    .results = {.items = results, .count = m->count},
	};
	if (peer) {
		outcome.host = view_take(view_from_string(peer->host), 250);
		outcome.address = view_from_string(peer->address);
		outcome.tls = view_from_string(peer->tls);
		outcome.verified = view_from_string(peer->verified);
	}
	relay_outcome_tell(&outcome);
	mem_free(results);
}

void relay_message_finish(struct relay_message *m, const struct relay_peer *peer)
{
	const struct relay_message_owner *owner = m->owner;
	void *arg = m->arg;
	tell_store(m, peer);
	if (peer && owner->used)
		owner->used(arg, peer);
	relay_message_free(m);
	owner->finished(arg, NULL);
}
