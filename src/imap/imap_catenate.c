/*
 * CATENATE (RFC 4469):
 *
 *	"CATENATE" SP "(" cat-part *(SP cat-part) ")"
 *	cat-part = "URL" SP astring / "TEXT" SP literal
 *
 * Octets of a URL are asked for as far as store has room for those that go back to it.
 */
#include "imap/imap_catenate.h"

#include <errno.h>

#include "base/mem.h"
#include "imap/imap_source.h"
#include "imap/imap_state.h"

/* Octets that are asked for at a time. */
enum { PIECE_MAX = 128 * 1024 };

struct imap_catenate {
	struct imap_in in; /* behind the URL that is being read */
	struct view url;
	struct imap_source source;
	bool open;
	imap_run *then;
};

static void next_part(struct imap_session *s, struct imap_in *in);
static void after_part(struct imap_session *s, struct imap_in *in);
static void read_more(struct imap_session *s);

static struct imap_catenate *catenate_of(struct imap_session *s)
{
	struct imap_appending *a = imap_data(s);
	return a->catenate;
}

static void close_source(struct imap_catenate *c)
{
	if (c->open)
		imap_source_end(&c->source);
	c->source = (struct imap_source){0};
	c->open = false;
}

static void release(struct imap_catenate *c)
{
	close_source(c);
	mem_free(c);
}

/* The largest message that is taken counts for the whole of it. */
static bool is_too_large(struct imap_session *s, const struct imap_appending *a, uint64_t more)
{
	if (s->config.message_max == 0 || a->size + more <= s->config.message_max)
		return false;
	imap_appending_refuse(s, "TOOBIG", "the message is larger than this server takes");
	return true;
}

/* ---- URLs ---- */

/* RFC 4469 section 4: the code names the URL. */
static void refuse_url(struct imap_session *s, int64_t error)
{
	struct imap_catenate *c = catenate_of(s);
	struct buf code;
	if (error != -EINVAL && error != -ENOENT && error != -EACCES) {
		struct imap_appending *a = imap_data(s);
		imap_appending_forget(s, a);
		imap_no_error(s, error, "a part of the message");
		return;
	}
	buf_init(&code, 2 * MAIL_URL_MAX);
	buf_append_string(&code, "BADURL ");
	for (size_t i = 0; i < c->url.len; i++)
		if (ascii_is_print(c->url.data[i]) && c->url.data[i] != ']' && c->url.data[i] != '"')
			buf_append_byte(&code, c->url.data[i]);
	imap_appending_refuse(
	    s, buf_failed(&code) ? "BADURL" : buf_string(&code), "this URL names nothing that can be read");
	buf_done(&code);
}

static void url_came(struct imap_session *s, struct view bytes)
{
	/* There is room for all of it: no more was asked for. */
	imap_upload_bytes(s, imap_data(s), bytes);
}

static void url_ended(struct imap_session *s, int64_t error)
{
	if (error)
		refuse_url(s, error);
	else
		read_more(s);
}

static void read_more(struct imap_session *s)
{
	struct imap_appending *a = imap_data(s);
	struct imap_catenate *c = a->catenate;
	if (c->source.left == 0) {
		close_source(c);
		after_part(s, &c->in);
	} else if (a->credit == 0) {
		a->waits = true; /* and read_more is called */
		a->room = read_more;
	} else {
		imap_source_read(
		    s, &c->source, a->credit < PIECE_MAX ? a->credit : PIECE_MAX, url_came, url_ended);
	}
}

static void url_opened(struct imap_session *s, struct imap_source *source, int64_t error)
{
	if (error)
		refuse_url(s, error);
	else if (!is_too_large(s, imap_data(s), source->size))
		read_more(s);
}

static void take_url(struct imap_session *s, struct imap_in *in)
{
	struct imap_catenate *c = catenate_of(s);
	imap_in_space(in);
	imap_in_astring(in, &c->url);
	if (imap_appending_wrong(s, in))
		return;
	c->in = *in;
	c->open = true;
	imap_source_open(s, &c->source, c->url, url_opened);
}

/* ---- literals ---- */

static size_t text_came(struct imap_session *s, struct view bytes, bool last)
{
	(void)last;
	return imap_upload_bytes(s, imap_data(s), bytes);
}

static const struct imap_stream stream = {.bytes = text_came, .text = after_part};

static void take_text(struct imap_session *s, struct imap_in *in)
{
	struct imap_appending *a = imap_data(s);
	struct imap_literal literal;
	imap_in_space(in);
	imap_in_literal(in, &literal);
	if (imap_appending_wrong(s, in) || is_too_large(s, a, literal.size))
		return;
	a->binary |= literal.binary;
	a->room = imap_go_on;
	imap_take_literal(s, &literal, &stream);
	if (literal.size == 0)
		imap_go_on(s);
}

/* ---- parts ---- */

static void next_part(struct imap_session *s, struct imap_in *in)
{
	if (imap_in_word(in, "URL")) {
		take_url(s, in);
	} else if (imap_in_word(in, "TEXT")) {
		take_text(s, in);
	} else {
		imap_in_wrong(in, "a part of CATENATE is URL or TEXT");
		imap_appending_wrong(s, in);
	}
}

static void after_part(struct imap_session *s, struct imap_in *in)
{
	struct imap_appending *a = imap_data(s);
	struct imap_in rest = *in;
	if (imap_in_take(&rest, ' ')) {
		next_part(s, &rest);
		return;
	}
	imap_in_char(&rest, ')');
	if (imap_appending_wrong(s, &rest))
		return;
	if (a->size == 0) {
		imap_appending_refuse(s, NULL, "there is no message in it");
		return;
	}
	if (imap_upload_end(s, a))
		a->catenate->then(s, &rest);
}

void imap_catenate(struct imap_session *s, struct imap_in *in, imap_run *then)
{
	struct imap_appending *a = imap_data(s);
	imap_in_space(in);
	imap_in_char(in, '(');
	if (imap_appending_wrong(s, in) || !imap_upload_begin(s, a, imap_go_on))
		return;
	if (a->catenate == NULL) {
		a->catenate = mem_alloc(sizeof *a->catenate);
		a->catenate_free = release;
	}
	a->catenate->then = then;
	a->binary = false;
	next_part(s, in);
}
