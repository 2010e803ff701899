/* What a call answers, written behind what the calls before it have answered. */
#include "jmap/jmap_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

struct json_out *jmap_respond(struct jmap_call *c)
{
	char id[MAIL_ID_MAX];

	if (c->ended)
		return &c->request->dead;
	if (!c->opened) {
		c->opened = true;
		json_out_object(&c->writer);
		if (c->method->flags & JMAP_NEEDS_ACCOUNT) {
			json_out_name(&c->writer, VIEW("accountId"));
			json_out_string(
			    &c->writer, view_of(id, mail_account_id_write(id, c->account.number)));
		}
	}
	return &c->writer;
}

static size_t written(const struct jmap_request *r)
{
	return buf_view(r->out).len - r->out_start;
}

/* Remembers what was written as a response that references can name. False: there is no memory. */
static bool keep_result(struct jmap_request *r, const char *name)
{
	struct jmap_call *c = &r->call;

	if (r->result_count == r->result_room) {
		size_t room = r->result_room ? 2 * r->result_room : 8;
		struct jmap_result *results = mem_try_resize(r->results, room * sizeof *results);
		if (results == NULL)
			return false;
		r->results = results;
		r->result_room = room;
	}
	r->results[r->result_count++] =
	    (struct jmap_result){name, c->id, c->arguments_start, written(r) - c->arguments_start};
	return true;
}

void jmap_begin_response(struct jmap_request *r, const char *name)
{
	struct jmap_call *c = &r->call;

	c->start = written(r);
	(void)buf_append_string(r->out, r->result_count ? ",[" : "[");
	struct json_out w = json_out_on(r->out);
	json_out_string(&w, view_from_string(name));
	(void)buf_append_byte(r->out, ',');
	c->arguments_start = written(r);
	c->opened = false;
	c->writer = json_out_on(r->out);
}

static void end_response(struct jmap_request *r, const char *name)
{
	struct jmap_call *c = &r->call;

	if (!keep_result(r, name))
		r->out->failed = 1;
	(void)buf_append_byte(r->out, ',');
	struct json_out w = json_out_on(r->out);
	json_out_string(&w, c->id);
	(void)buf_append_byte(r->out, ']');
}

/* Takes back what the call has written, and the mark of a failure. */
static void take_back(struct jmap_request *r)
{
	buf_truncate(r->out, r->out_start + r->call.start);
	r->out->failed = 0;
	r->out->max = r->out_max;
}

static void end_with_error(struct jmap_call *c, const char *type, struct view description)
{
	struct jmap_request *r = c->request;

	take_back(r);
	jmap_begin_response(r, "error");
	json_out_object(&c->writer);
	json_out_name(&c->writer, VIEW("type"));
	json_out_string(&c->writer, view_from_string(type));
	if (description.len) {
		json_out_name(&c->writer, VIEW("description"));
		json_out_string(&c->writer, description);
	}
	json_out_end(&c->writer);
	end_response(r, "error");
	c->ended = true;
}

void jmap_error(struct jmap_call *c, const char *type, const char *format, ...)
{
	char text[500];
	va_list args;

	if (c->ended)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	end_with_error(c, type, view_from_string(text));
}

void jmap_end(struct jmap_call *c)
{
	struct jmap_request *r = c->request;

	if (c->ended)
		return;
	(void)jmap_respond(c);
	while (c->writer.depth)
		json_out_end(&c->writer);
	if (!buf_failed(r->out))
		end_response(r, c->method->name);
	if (!buf_failed(r->out)) {
		r->out->max = r->out_max;
		c->ended = true;
	} else if (c->method->flags & JMAP_WRITES) {
		/* Whoever reads that it failed does it once more, and has it twice. */
		jmap_error(c, "serverPartialFail",
		    "it was carried out, but there was no room or no memory for the answer");
	} else if (written(r) > r->out_max / 2) {
		jmap_error(
		    c, "requestTooLarge", "the answer would be larger than %d octets", JMAP_RESPONSE_MAX);
	} else {
		jmap_error_of(c, -ENOMEM, "the answer");
	}
}

/* ---- errors of store ---- */

void jmap_error_of(struct jmap_call *c, int64_t error, const char *what)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		jmap_error(c, "forbidden", "you have no right to do this with %s", what);
		break;
	case -ENOENT:
		jmap_error(c, "accountNotFound", "%s cannot be found any more", what);
		break;
	case -ESTALE:
		jmap_error(c, "cannotCalculateChanges", "what changed is not known so far back");
		break;
	case -E2BIG:
		jmap_error(c, "requestTooLarge", "%s: these are too many at once", what);
		break;
	case -EROFS:
		jmap_error(c, "serverUnavailable", "%s can only be read now; try again later", what);
		break;
	case -ENOSPC:
		jmap_error(c, "serverUnavailable", "%s: the server has no room now; try again later", what);
		break;
	case -EBADMSG:
		jmap_error(c, "serverFail",
		    "what is stored of %s is damaged; the administrator must look at it", what);
		break;
	default:
		jmap_error(c, "serverUnavailable", "%s cannot be reached now; try again", what);
		break;
	}
}

const char *jmap_set_error_type(int64_t error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return "forbidden";
	case -ENOENT:
		return "notFound";
	case -EDQUOT:
		return "overQuota";
	case -EFBIG:
	case -EMSGSIZE:
		return "tooLarge";
	case -EEXIST:
		return "alreadyExists";
	case -EINVAL:
		return "invalidProperties";
	case -EBADMSG:
		return "serverFail";
	default:
		return "serverUnavailable";
	}
}
