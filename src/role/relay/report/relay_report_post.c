/* See relay_report_post.h. */
#include "role/relay/report/relay_report_post.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "extract/gzip.h"
#include "role/relay/relay_https.h"
#include "role/relay/relay_state.h"

enum {
	RESPONSE_MAX = 64 * 1024, /* nobody reads it, but it must end */
	WHOLE_MS = 3 * 60 * 1000  /* some 100 KB, to a host that is in no hurry */
};

struct relay_report_post {
	char host[DNS_NAME_SIZE], path[REPORT_URI_MAX + 2];
	struct buf body;
	relay_report_posted done;
	void *arg;
	struct relay_https *https;
	char why[100];
};

void relay_report_post_free(struct relay_report_post *p)
{
	if (p == NULL)
		return;
	relay_https_cancel(p->https);
	buf_done(&p->body);
	mem_free(p);
}

/* RFC 8460 section 5.4: typically 200 or 201; with anything else the host has not taken it. */
static void answered(void *arg, const struct http_fetch *response, const char *why)
{
	struct relay_report_post *p = arg;
	unsigned status = response ? http_fetch_status(response) : 0;
	p->https = NULL;
	if (response && (status < 200 || status > 299)) {
		snprintf(p->why, sizeof p->why, "the host answered with HTTP status %u", status);
		why = p->why;
	}
	p->done(p->arg, why ? LETTER_LATER : LETTER_SENT, why ? why : "");
	relay_report_post_free(p);
}

/* Of "https://host/path?query#fragment" what is asked for. */
static void write_path(const struct report_uri *uri, char out[REPORT_URI_MAX + 2])
{
	struct view rest = view_skip(uri->address, sizeof "https://" - 1);
	size_t begin = 0;
	while (
	    begin < rest.len && rest.data[begin] != '/' && rest.data[begin] != '?' && rest.data[begin] != '#')
		begin++;
	rest = view_skip(rest, begin);
	ptrdiff_t fragment = view_find(rest, '#');
	if (fragment >= 0)
		rest = view_take(rest, (size_t)fragment);
	snprintf(out, REPORT_URI_MAX + 2, "%s%.*s", rest.len > 0 && rest.data[0] == '/' ? "" : "/",
	    VIEW_FMT(rest));
}

int relay_report_post_send(const struct report_uri *uri, struct view document, relay_report_posted done,
    void *arg, struct relay_report_post **out)
{
	struct relay_report_post *p = mem_alloc(sizeof *p);
	*p = (struct relay_report_post){.done = done, .arg = arg};
	buf_init(&p->body, RELAY_HTTPS_BODY_MAX);
	int error = gzip_bytes(document, &p->body);
	if (error) {
		buf_done(&p->body);
		mem_free(p);
		return error == -ENOBUFS ? -E2BIG : -ENOMEM;
	}
	snprintf(p->host, sizeof p->host, "%.*s", VIEW_FMT(uri->host));
	write_path(uri, p->path);
	const struct relay_https_request r = {.host = p->host,
	    .whose = "the host that takes the reports",
	    .request = {.path = p->path,
	        .content_type = "application/tlsrpt+gzip",
	        .body = buf_view(&p->body)},
	    .response_max = RESPONSE_MAX,
	    .ms = WHOLE_MS};
	p->https = relay_https_start(&relay_role.process->loop, &r, answered, p);
	*out = p;
	return 0;
}
