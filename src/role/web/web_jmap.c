/* See web_jmap.h. */
#include "role/web/web_jmap.h"

#include "base/clock.h"
#include "edge/edge.h"
#include "role/web/web_admin.h"
#include "role/web/web_recipient.h"
#include "role/web/web_vapid.h"
#include "sieve/sieve_limits.h"
#include "sieve/sieve_words.h"

enum {
	UNUSED_MS = 10 * 60 * 1000,
	/*
	 * Held for requests. A person's largest request and response are some 100 KB; who brings more than
	 * this together comes again.
	 */
	HELD_MAX = 256 * 1024 * 1024,
	/* Who holds no more than this is served even then: a few who take their responses slowly shall not
	 * keep everybody out. */
	HELD_FREE = 1024 * 1024,
	EXTENSIONS_MAX = 4096 /* octets of the names of all extensions of Sieve: some 60 of 20 */
};

static size_t held;

static void ask(void *arg, uint32_t number, unsigned type, const void *question)
{
	struct web_user *user = arg;
	user->jmap_last = user->jmap_base + number;
	if (web_admin_is_question(type))
		web_admin_ask(user, user->jmap_last, type, question);
	else if (type == RECIPIENT_ASK)
		web_recipient_ask(user, user->jmap_last, question);
	else
		account_client_ask(&user->channel, user->jmap_last, type, question);
}

static int64_t now(void *arg)
{
	(void)arg;
	return clock_wall();
}

static const struct jmap_host host = {.ask = ask, .now = now};

static struct jmap_session *new_machine(struct web_user *user)
{
	const struct settings *settings = edge_settings();
	struct buf extensions;
	buf_init(&extensions, EXTENSIONS_MAX);
	sieve_extension_names(&extensions);
	struct jmap_config config = {
	    .account = user->account,
	    .address = view_from_string(user->address),
	    .base = view_from_string(user->base),
	    .prefix = view_from_string(user->prefix),
	    .message_max = settings->upload_size_max,
	    .attach_max = settings->message_size_max,
	    .file_link_days = settings->file_link_days,
	    .file_link_space = settings->file_link_space,
	    .delay_max = settings->hold_max,
	    .sieve_extensions = buf_view(&extensions),
	    .sieve_redirects_max = SIEVE_REDIRECTS_MAX,
	    .smime = settings->smime_anchors.len > 0,
	    .websocket = true,
	    .administrator = user->administrator,
	    .vapid_key = web_vapid_key(),
	};
	/* Notifications go by mail (RFC 5436). */
	if (sieve_extension_by_name(VIEW("enotify")) != SIEVE_EXTENSIONS)
		config.sieve_notify = VIEW("mailto");
	struct jmap_session *session = jmap_session_new(&config, &host, user);
	buf_done(&extensions);
	return session;
}

bool web_jmap_begin(struct web_user *user)
{
	if (user->requests >= JMAP_CONCURRENT_REQUESTS_MAX)
		return false;
	user->requests++;
	return true;
}

void web_jmap_end(struct web_user *user)
{
	user->requests--;
}

bool web_jmap_hold(struct web_user *user, size_t octets)
{
	size_t most = user->held < HELD_FREE ? HELD_FREE - user->held : 0;
	if (octets > most && (octets > HELD_MAX || held > HELD_MAX - octets))
		return false;
	web_jmap_note(user, octets);
	return true;
}

void web_jmap_let_go(struct web_user *user, size_t octets)
{
	held -= octets;
	user->held -= octets;
}

void web_jmap_note(struct web_user *user, size_t octets)
{
	held += octets;
	user->held += octets;
}

bool web_jmap_is_full(const struct web_user *user)
{
	return held >= HELD_MAX && user->held >= HELD_FREE;
}

/* ---- a part of the user ---- */

struct jmap_session *web_jmap_of(struct web_user *user)
{
	if (user->lost)
		return NULL;
	/* Late answers to the machine before have lower numbers. */
	if (user->jmap == NULL) {
		user->jmap_base = user->jmap_last;
		user->jmap = new_machine(user);
	}
	user->jmap_used = clock_monotonic_ms();
	return user->jmap;
}

static void answer(struct web_user *user, uint32_t request, unsigned type, const void *said)
{
	if (user->jmap && (request & WEB_QUESTIONS) == 0 && request > user->jmap_base)
		jmap_session_answer(user->jmap, request - user->jmap_base, type, said);
}

static void lost(struct web_user *user)
{
	if (user->jmap)
		jmap_session_lost(user->jmap);
}

/* Who only listens needs no machine. */
static void sweep(struct web_user *user, int64_t at)
{
	if (user->jmap == NULL || user->requests > 0 || at - user->jmap_used < UNUSED_MS)
		return;
	jmap_session_free(user->jmap);
	user->jmap = NULL;
}

static void release(struct web_user *user)
{
	jmap_session_free(user->jmap);
}

const struct web_user_part web_jmap_part = {
    .answer = answer, .lost = lost, .sweep = sweep, .release = release};
