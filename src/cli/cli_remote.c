/* The connection of cli_remote.h: look-up, one address after the other, TLS with the proof that is demanded,
 * deadlines, the dialogue. */
#include "cli/cli_remote.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/network.h"
#include "io/tls.h"

static const char system_authorities[] = "/etc/ssl/certs/ca-certificates.crt";

enum { AUTHORITIES_MAX = 16 * 1024 * 1024 }; /* the system's are 0.2 MB */

void remote_note(struct remote *r, int status, const char *format, ...)
{
	va_list args;
	if (r->status != 0)
		return;
	r->status = status;
	va_start(args, format);
	vsnprintf(r->problem, sizeof r->problem, format, args);
	va_end(args);
}

void remote_later(struct remote *r)
{
	loop_task_schedule(&r->task);
}

/* ---- what is shown ---- */

static void print(struct buf *text)
{
	fwrite(buf_view(text).data, 1, buf_view(text).len, stderr);
	buf_done(text);
}

/* Before the protocol has its turn: what waits was shown, or is a body. The stream may have sent some of it
 * meanwhile. */
static void take_turn(struct remote *r)
{
	r->shown = stream_backlog(&r->stream);
}

void remote_wrote(struct remote *r)
{
	struct view out = buf_view(stream_out(&r->stream));
	if (r->options->verbose && out.len > r->shown) {
		struct buf text;
		buf_init(&text, 64 * 1024 + 8 * out.len);
		remote_dialogue_sent(&r->dialogue, view_skip(out, r->shown), &text);
		print(&text);
	}
	r->shown = out.len;
	stream_wrote(&r->stream);
}

void remote_wrote_body(struct remote *r, size_t octets)
{
	if (r->options->verbose)
		fprintf(stderr, "> (%zu octets of the message)\n", octets);
	r->shown = stream_backlog(&r->stream);
	stream_wrote(&r->stream);
}

void remote_heard(struct remote *r, struct view lines)
{
	struct buf text;
	if (!r->options->verbose)
		return;
	buf_init(&text, 64 * 1024 + 8 * lines.len);
	remote_dialogue_received(&r->dialogue, lines, &text);
	print(&text);
}

/* ---- TLS ---- */

static bool checks_certificate(const struct remote_options *o)
{
	return o->tls != REMOTE_TLS_IF_OFFERED && !o->insecure;
}

static int load_authorities(struct remote *r)
{
	const struct remote_options *o = r->options;
	struct buf pem;
	int status = 0;
	if (o->tls == REMOTE_TLS_NONE)
		return 0;
	buf_init(&pem, AUTHORITIES_MAX);
	if (checks_certificate(o))
		status = remote_read_file(o->ca_file ? o->ca_file : system_authorities, &pem);
	if (status != 0 && o->ca_file == NULL)
		fprintf(stderr, "postrider: the package ca-certificates is not installed; name the "
		                "authorities to trust with --ca-file FILE\n");
	if (status == 0)
		r->context = tls_client_new(buf_view(&pem));
	if (status == 0 && r->context == NULL) {
		fprintf(stderr, "postrider: out of memory\n");
		status = EXIT_TEMPORARY;
	}
	buf_done(&pem);
	return status;
}

static void begin_tls(struct remote *r)
{
	const struct remote_options *o = r->options;
	const char *name = o->tls_name ? o->tls_name : o->host;
	struct tls_demand demand = {.proof = checks_certificate(o) ? TLS_PKIX : TLS_ANY, .host = name};
	r->securing = true;
	stream_discard_input(&r->stream);
	if (stream_connect_tls(&r->stream, r->context, &demand) != 0) {
		remote_note(r, EXIT_TEMPORARY, "cannot begin TLS with %s", o->host);
		stream_abort(&r->stream);
		return;
	}
	stream_resume(&r->stream);
	stream_set_deadline(&r->stream, REMOTE_TLS_MS);
}

void remote_start_tls(struct remote *r)
{
	r->tls_wanted = true;
	stream_hold(&r->stream);
	remote_later(r);
}

static void tls_failed(struct remote *r)
{
	const struct remote_options *o = r->options;
	const char *why = stream_tls_failure(&r->stream), *name = o->tls_name ? o->tls_name : o->host;
	struct view text = view_from_string(why ? why : "the server ended the handshake");
	if (view_starts(text, VIEW("certificate: hostname")) ||
	    view_starts(text, VIEW("certificate: IP address")))
		remote_note(r, EXIT_REFUSED,
		    "the server's certificate does not name %s (--tls-name NAME: the name that it should "
		    "have; --insecure: no check)",
		    name);
	else if (view_starts(text, VIEW("certificate: ")))
		remote_note(r, EXIT_REFUSED,
		    "the certificate of %s is not trusted: %.*s (--ca-file FILE: authorities to trust; "
		    "--insecure: no check)",
		    name, VIEW_FMT(view_skip(text, 13)));
	else
		remote_note(
		    r, EXIT_TEMPORARY, "TLS with %s could not be established: %.*s", o->host, VIEW_FMT(text));
}

static void on_secured(void *arg)
{
	struct remote *r = arg;
	r->secure = true;
	snprintf(r->tls, sizeof r->tls, "%s %s", tls_version(r->stream.ssl), tls_cipher(r->stream.ssl));
	snprintf(r->verified, sizeof r->verified, "%s", tls_verified(r->stream.ssl));
	if (r->options->verbose)
		fprintf(stderr, "* %s, certificate: %s\n", r->tls, r->verified);
	stream_set_deadline(&r->stream, 0);
	take_turn(r);
	if (r->begun) {
		r->handler->secured(r->arg);
	} else {
		r->begun = true;
		r->handler->connected(r->arg);
	}
}

/* ---- the stream ---- */

static size_t on_input(void *arg, struct view bytes)
{
	struct remote *r = arg;
	take_turn(r);
	return r->handler->input(r->arg, bytes);
}

static void on_drained(void *arg)
{
	struct remote *r = arg;
	take_turn(r);
	if (r->handler->drained)
		r->handler->drained(r->arg);
}

static void on_deadline(void *arg)
{
	struct remote *r = arg;
	const char *what = r->handler->deadline(r->arg);
	if (what == NULL)
		return;
	remote_note(r, EXIT_TEMPORARY, "%s did not answer in time (waiting for %s)", r->options->host, what);
	stream_abort(&r->stream);
}

static void on_ended(void *arg, enum stream_end how)
{
	struct remote *r = arg;
	if (r->securing && !r->secure && how == STREAM_TIMED_OUT)
		remote_note(
		    r, EXIT_TEMPORARY, "%s did not answer in time (waiting for TLS)", r->options->host);
	else if (r->securing && !r->secure)
		tls_failed(r);
	if (r->begun)
		r->handler->ended(r->arg);
	loop_stop(&r->loop);
}

static const struct stream_handler stream_handler = {
    .input = on_input,
    .drained = on_drained,
    .secured = on_secured,
    .deadline = on_deadline,
    .ended = on_ended,
};

static void on_task(void *arg)
{
	struct remote *r = arg;
	bool tls_wanted = r->tls_wanted;
	r->tls_wanted = false;
	if (r->stream.finished)
		return;
	take_turn(r);
	if (tls_wanted)
		begin_tls(r);
	else
		r->handler->work(r->arg);
}

void remote_close(struct remote *r)
{
	stream_close(&r->stream);
}

/* ---- the way there ---- */

static void try_next(struct remote *r);

static void on_connected(void *arg, int result)
{
	struct remote *r = arg;
	if (result < 0) {
		if (r->next) {
			try_next(r);
			return;
		}
		remote_note(r, EXIT_TEMPORARY, "no connection to %s: %s", r->address, strerror(-result));
		loop_stop(&r->loop);
		return;
	}
	if (r->options->verbose)
		fprintf(stderr, "* connected to %s\n", r->address);
	stream_init(&r->stream, &r->loop, result, &stream_handler, r);
	r->streaming = true;
	if (r->options->tls == REMOTE_TLS_FIRST) {
		begin_tls(r);
	} else {
		r->begun = true;
		r->handler->connected(r->arg);
	}
}

static void try_next(struct remote *r)
{
	struct addrinfo *a = r->next;
	struct sockaddr_storage address = {0};
	char text[NETWORK_TEXT_SIZE];
	r->next = a->ai_next;
	memcpy(&address, a->ai_addr, a->ai_addrlen);
	network_text(&address, text);
	snprintf(
	    r->address, sizeof r->address, strchr(text, ':') ? "[%s]:%u" : "%s:%u", text, r->options->port);
	connect_start(
	    &r->connecting, &r->loop, &address, a->ai_addrlen, NULL, REMOTE_CONNECT_MS, on_connected, r);
}

static int look_up(struct remote *r)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char port[8];
	snprintf(port, sizeof port, "%u", r->options->port);
	int error = getaddrinfo(r->options->host, port, &hints, &r->addresses);
	if (error == EAI_NONAME || error == EAI_NODATA)
		remote_note(r, EXIT_UNAVAILABLE, "there is no host %s", r->options->host);
	else if (error)
		remote_note(r, EXIT_TEMPORARY, "the address of %s cannot be found now: %s", r->options->host,
		    gai_strerror(error));
	r->next = error ? NULL : r->addresses;
	return r->status;
}

int remote_run(
    struct remote *r, const struct remote_options *options, const struct remote_handler *handler, void *arg)
{
	*r = (struct remote){.options = options, .handler = handler, .arg = arg};
	/* The problem is said once, by the command. */
	log_open(-1, "postrider", LOG_ERROR);
	loop_init(&r->loop);
	loop_task_init(&r->task, &r->loop, on_task, r);
	int status = load_authorities(r);
	r->status = status;
	if (status == 0 && look_up(r) == 0) {
		try_next(r);
		loop_run(&r->loop);
	}
	return r->status;
}

void remote_done(struct remote *r)
{
	connect_cancel(&r->connecting);
	loop_task_cancel(&r->task);
	if (r->streaming)
		stream_free(&r->stream);
	tls_context_unref(r->context);
	if (r->addresses)
		freeaddrinfo(r->addresses);
	loop_done(&r->loop);
}
