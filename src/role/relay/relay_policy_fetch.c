/* See relay_policy_fetch.h: a request by HTTPS, and what its response must be. */
#include "role/relay/relay_policy_fetch.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "role/relay/relay_https.h"

enum { POLICY_MEMORY = MTA_STS_BODY_MAX + 8 * 1024 /* the patterns, and the views of them */ };

struct relay_policy_fetch {
	char host[DNS_NAME_SIZE];
	relay_policy_fetched done;
	void *arg;
	struct relay_https *https;
};

int64_t relay_policy_fetch_ms = (int64_t)MTA_STS_FETCH_SECONDS * 1000;

static const char *judge(
    const struct http_fetch *response, struct arena *arena, struct mta_sts_policy *policy, char why[100])
{
	unsigned status = http_fetch_status(response);
	if (status != 200) {
		snprintf(why, 100, "the policy's host answered with HTTP status %u", status);
		return why;
	}
	if (!mta_sts_content_type(http_fetch_content_type(response)))
		return "the policy is not of the type text/plain";
	switch (mta_sts_policy_parse(http_fetch_body(response), arena, policy)) {
	case 0:
		return NULL;
	case -EINVAL:
		return "the policy is malformed";
	default:
		return "the policy is too large";
	}
}

static void fetched(void *arg, const struct http_fetch *response, const char *why)
{
	struct relay_policy_fetch *f = arg;
	struct arena arena;
	struct mta_sts_policy policy;
	char text[100];
	arena_init(&arena, POLICY_MEMORY);
	if (response)
		why = judge(response, &arena, &policy, text);
	f->done(f->arg, why ? NULL : &policy, why);
	arena_done(&arena);
	mem_free(f);
}

struct relay_policy_fetch *relay_policy_fetch_start(
    struct loop *loop, const char *domain, relay_policy_fetched done, void *arg)
{
	struct relay_policy_fetch *f = mem_alloc(sizeof *f);
	*f = (struct relay_policy_fetch){.done = done, .arg = arg};
	/* Without a name, the look-up says so. */
	if (mta_sts_host(domain, f->host) != 0)
		f->host[0] = '\0';
	const struct relay_https_request r = {.host = f->host,
	    .whose = "the policy's host",
	    .request = {.path = mta_sts_path},
	    .response_max = MTA_STS_BODY_MAX,
	    .ms = relay_policy_fetch_ms};
	f->https = relay_https_start(loop, &r, fetched, f);
	return f;
}

void relay_policy_fetch_cancel(struct relay_policy_fetch *f)
{
	if (f == NULL)
		return;
	relay_https_cancel(f->https);
	mem_free(f);
}
