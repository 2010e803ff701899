/* A GET by HTTPS on an event loop of its own: dns_policy.h. */
#include "cli/dns_policy.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "http/http_fetch.h"
#include "io/connect.h"
#include "io/stream.h"
#include "io/tls.h"
#include "trust/route/mta_sts.h"

enum { AUTHORITIES_MAX = 16 * 1024 * 1024 };

struct fetch {
	const char *host;
	struct tls_context *context;
	struct loop loop;
	struct loop_timer timer;
	struct connecting connecting;
	struct stream stream;
	bool streaming, secured, ended;
	struct http_fetch *http;
	struct buf *body, *why;
};

static void end(struct fetch *f, const char *why)
{
	if (f->ended)
		return;
	f->ended = true;
	buf_clear(f->why);
	if (why)
		buf_append_string(f->why, why);
	loop_stop(&f->loop);
}

static void judge(struct fetch *f)
{
	char why[80];
	if (http_fetch_status(f->http) != 200) {
		snprintf(why, sizeof why, "the web server answers with HTTP status %u",
		    http_fetch_status(f->http));
		end(f, why);
	} else if (!mta_sts_content_type(http_fetch_content_type(f->http))) {
		end(f, "the web server gives it out with another type than text/plain");
	} else if (http_fetch_body(f->http).len == 0) {
		end(f, "it is empty");
	} else {
		buf_append(f->body, http_fetch_body(f->http));
		end(f, NULL);
	}
}

static void take_state(struct fetch *f, enum http_fetch_state state)
{
	if (state == HTTP_FETCH_DONE)
		judge(f);
	else if (state == HTTP_FETCH_FAILED)
		end(f, http_fetch_why(f->http));
}

static size_t on_input(void *arg, struct view bytes)
{
	struct fetch *f = arg;
	if (!f->ended)
		take_state(f, http_fetch_feed(f->http, bytes));
	return bytes.len;
}

static void on_secured(void *arg)
{
	struct fetch *f = arg;
	const struct http_fetch_request request = {.host = f->host, .path = mta_sts_path};
	f->secured = true;
	if (http_fetch_ask(stream_out(&f->stream), &request) != 0)
		end(f, "its host has no name that HTTP allows");
	else
		stream_wrote(&f->stream);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct fetch *f = arg;
	const char *tls = stream_tls_failure(&f->stream);
	if (!f->ended && f->secured && how == STREAM_PEER_CLOSED)
		take_state(f, http_fetch_end(f->http, !stream_was_cut(&f->stream)));
	end(f, tls                        ? tls
	       : stream_error(&f->stream) ? strerror(stream_error(&f->stream))
	                                  : "the connection ended too early");
}

static const struct stream_handler handler = {.input = on_input, .secured = on_secured, .ended = on_ended};

static void on_connected(void *arg, int result)
{
	struct fetch *f = arg;
	struct tls_demand demand = {.proof = TLS_PKIX, .host = f->host};
	if (result < 0) {
		end(f, strerror(-result));
		return;
	}
	stream_init(&f->stream, &f->loop, result, &handler, f);
	f->streaming = true;
	if (stream_connect_tls(&f->stream, f->context, &demand) != 0)
		end(f, "TLS cannot begin");
}

static void on_timeout(void *arg)
{
	end(arg, "it does not answer within 5 s");
}

static void try_address(struct fetch *f, const struct sockaddr_storage *address)
{
	socklen_t len =
	    address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	f->ended = f->streaming = f->secured = false;
	loop_init(&f->loop);
	loop_timer_init(&f->timer, &f->loop, on_timeout, f);
	loop_timer_set(&f->timer, DNS_POLICY_SECONDS * 1000);
	f->http = http_fetch_new(MTA_STS_BODY_MAX);
	connect_start(
	    &f->connecting, &f->loop, address, len, NULL, DNS_POLICY_SECONDS * 1000, on_connected, f);
	if (!f->ended)
		loop_run(&f->loop);
	loop_timer_cancel(&f->timer);
	connect_cancel(&f->connecting);
	if (f->streaming)
		stream_free(&f->stream);
	http_fetch_free(f->http);
	loop_done(&f->loop);
}

/* The authorities that relay trusts, too. */
static struct tls_context *load_authorities(const struct settings *settings)
{
	char path[1024];
	struct buf pem;
	buf_init(&pem, AUTHORITIES_MAX);
	snprintf(path, sizeof path, "%.*s", VIEW_FMT(settings->ca_file));
	FILE *file = fopen(path, "re");
	char piece[16 * 1024];
	size_t n;
	while (file && (n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_append(&pem, view_of(piece, n));
	if (file)
		fclose(file);
	struct tls_context *context = file ? tls_client_new(buf_view(&pem)) : NULL;
	buf_done(&pem);
	return context;
}

void dns_policy_fetch(const struct settings *settings, const char *host,
    const struct sockaddr_storage *addresses, size_t count, struct buf *body, struct buf *why)
{
	struct fetch f = {.host = host, .body = body, .why = why, .context = load_authorities(settings)};
	buf_clear(why);
	if (f.context == NULL) {
		buf_append_string(why, "the authorities in ca_file cannot be read");
		return;
	}
	log_set_threshold(LOG_ERROR);
	buf_append_string(why, "its host has no address");
	for (size_t i = 0; i < count && buf_view(body).len == 0; i++) {
		struct sockaddr_storage address = addresses[i];
		uint16_t port = htons((uint16_t)settings->https_port);
		if (address.ss_family == AF_INET)
			((struct sockaddr_in *)&address)->sin_port = port;
		else
			((struct sockaddr_in6 *)&address)->sin6_port = port;
		try_address(&f, &address);
	}
	tls_context_unref(f.context);
}
