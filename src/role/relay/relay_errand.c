/* See relay_errand.h. */
#include "role/relay/relay_errand.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "format/picture.h"
#include "http/http_url.h"
#include "process/peers.h"
#include "role/relay/relay_https.h"
#include "role/relay/relay_state.h"

enum {
	PICTURE_MS = 20 * 1000,     /* somebody sits before it and waits */
	UNSUBSCRIBE_MS = 30 * 1000, /* of a program that may have a database to ask */
	ANSWER_MAX = 256 * 1024,    /* of a page that says "you are unsubscribed": nobody reads it */
	REDIRECTS_MAX = 3,          /* a shortened address, and the picture's new place */
	/* More that web has not taken yet, and a picture is not sent: far from where a channel dies. */
	BACKLOG_MAX = 8 * 1024 * 1024
};
_Static_assert((int)BACKLOG_MAX + (int)ERRAND_PICTURE_MAX < (int)CHANNEL_OUTPUT_MAX, "the channel lives");

struct errand {
	struct errand *next, *previous;
	struct asked asked;
	enum errand_purpose purpose;
	unsigned redirects;
	char host[DNS_NAME_SIZE], path[ERRAND_URL_MAX + 2];
	struct relay_https *https;
	struct loop_task task; /* one that cannot even begin ends in it */
};

static struct peers webs; /* in an upgrade there are two for a while */
static struct errand *errands;
static size_t errand_count;

static void free_errand(struct errand *f)
{
	*(f->previous ? &f->previous->next : &errands) = f->next;
	if (f->next)
		f->next->previous = f->previous;
	errand_count--;
	loop_task_cancel(&f->task);
	relay_https_cancel(f->https);
	mem_free(f);
}

void relay_errand_forget(void)
{
	while (errands)
		free_errand(errands);
}

static void on_closed(struct link *link)
{
	for (struct errand *f = errands, *next; f; f = next) {
		next = f->next;
		if (f->asked.link == link)
			free_errand(f);
	}
}

void relay_errand_link(struct role_process *p, int fd)
{
	peers_open(&webs, p, fd, ROLE_WEB, on_closed);
}

/* ---- the end ---- */

static void end(struct errand *f, int error, unsigned status)
{
	struct message_errand_answer m = {.error = error, .status = status, .last = 1};
	asked_answer(&f->asked, MESSAGE_ERRAND_ANSWER, &m);
	free_errand(f);
}

static void give_up(void *arg)
{
	end(arg, -ENOENT, 0);
}

static void send_picture(struct errand *f, struct view octets, unsigned status)
{
	struct message_errand_answer m = {.status = status, .kind = picture_kind(octets)};
	if (m.kind == PICTURE_NONE) {
		end(f, -ENOENT, status);
		return;
	}
	if (channel_backlog(&f->asked.link->channel) > BACKLOG_MAX) {
		end(f, -EAGAIN, status);
		return;
	}
	while (octets.len > ERRAND_PIECE_MAX) {
		m.octets = view_take(octets, ERRAND_PIECE_MAX);
		if (ipc_send(&f->asked.link->channel, MESSAGE_ERRAND_ANSWER, f->asked.request, &m, -1) != 0)
			break; /* the channel is dead, and so are its questions */
		octets = view_skip(octets, ERRAND_PIECE_MAX);
	}
	m.octets = octets.len > ERRAND_PIECE_MAX ? (struct view){0} : octets;
	m.last = 1;
	asked_answer(&f->asked, MESSAGE_ERRAND_ANSWER, &m);
	free_errand(f);
}

/* ---- where ---- */

/* The host and the path of "https://host/path?query#part". A picture's "http://" is asked for by HTTPS: what
 * a host gives to nobody who hears along, it gives in private too. */
static bool read_url(struct errand *f, struct view url)
{
	struct view rest, host;
	size_t end_of_host = 0;
	ptrdiff_t part = view_find(url, '#');
	if (part >= 0)
		url = view_take(url, (size_t)part);
	if (view_starts_nocase(url, VIEW("https://")))
		rest = view_skip(url, sizeof "https://" - 1);
	else if (f->purpose == ERRAND_PICTURE && view_starts_nocase(url, VIEW("http://")))
		rest = view_skip(url, sizeof "http://" - 1);
	else
		return false;
	if (!http_target_is_plain(url))
		return false;
	while (end_of_host < rest.len && rest.data[end_of_host] != '/' && rest.data[end_of_host] != '?')
		end_of_host++;
	host = view_take(rest, end_of_host);
	rest = view_skip(rest, end_of_host);
	/* Another port would let anybody look for what else answers there. */
	if (!http_authority_is_valid(host) || view_find(host, ':') >= 0 || host.len >= sizeof f->host ||
	    rest.len > ERRAND_URL_MAX)
		return false;
	snprintf(f->host, sizeof f->host, "%.*s", VIEW_FMT(host));
	snprintf(f->path, sizeof f->path, "%s%.*s", rest.len > 0 && rest.data[0] == '/' ? "" : "/",
	    VIEW_FMT(rest));
	return true;
}

/* RFC 9110 section 10.2.2: a whole URL, or one that begins at the scheme or at the path. Others are rare, and
 * not followed. */
static bool read_location(struct errand *f, struct view location)
{
	char url[ERRAND_URL_MAX + DNS_NAME_SIZE + 16];
	int len;
	if (view_starts(location, VIEW("//")))
		len = snprintf(url, sizeof url, "https:%.*s", VIEW_FMT(location));
	else if (view_starts(location, VIEW("/")))
		len = snprintf(url, sizeof url, "https://%s%.*s", f->host, VIEW_FMT(location));
	else
		len = snprintf(url, sizeof url, "%.*s", VIEW_FMT(location));
	return len > 0 && (size_t)len < sizeof url && read_url(f, view_of(url, (size_t)len));
}

/* ---- the way ---- */

static void ask(struct errand *f);

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void answered(void *arg, const struct http_fetch *response, const char *why)
{
	struct errand *f = arg;
	f->https = NULL;
	if (response == NULL) {
		log_event(
		    LOG_INFO, "-", "errand-failed", log_string("host", f->host), log_string("why", why));
		end(f, -EHOSTUNREACH, 0);
		return;
	}
	unsigned status = http_fetch_status(response);
	if (f->purpose == ERRAND_UNSUBSCRIBE)
		/* RFC 8058 section 3.1: no redirect is followed. */
		end(f, status >= 200 && status <= 299 ? 0 : -ENOENT, status);
	else if (status == 200)
		send_picture(f, http_fetch_body(response), status);
	else if (is_redirect(status) && f->redirects++ < REDIRECTS_MAX &&
	         read_location(f, http_fetch_location(response)))
		ask(f);
	else
		end(f, -ENOENT, status);
}

static void ask(struct errand *f)
{
	bool posts = f->purpose == ERRAND_UNSUBSCRIBE;
	struct relay_https_request r = {.host = f->host,
	    .whose = "the host",
	    .request = {.path = f->path,
	        .content_type = posts ? "application/x-www-form-urlencoded" : NULL,
	        .body = posts ? VIEW("List-Unsubscribe=One-Click") : (struct view){0}},
	    .response_max = posts ? ANSWER_MAX : ERRAND_PICTURE_MAX,
	    .ms = posts ? UNSUBSCRIBE_MS : PICTURE_MS};
	f->https = relay_https_start(&relay_role.process->loop, &r, answered, f);
}

void relay_errand_ask(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_errand *m = message;
	struct asked asked;
	if (errand_count >= ERRAND_MAX || relay_role.draining || !asked_begin(&asked, link, frame)) {
		struct message_errand_answer busy = {.error = -EAGAIN, .last = 1};
		ipc_send(&link->channel, MESSAGE_ERRAND_ANSWER, frame->request, &busy, -1);
		return;
	}
	struct errand *f = mem_alloc(sizeof *f);
	*f = (struct errand){.next = errands, .asked = asked, .purpose = m->purpose};
	if (errands)
		errands->previous = f;
	errands = f;
	errand_count++;
	loop_task_init(&f->task, &relay_role.process->loop, give_up, f);
	if (read_url(f, m->url))
		ask(f);
	else
		loop_task_schedule(&f->task);
}
