/*
 * A request (RFC 8620 section 3): its calls one after the other, their responses as text in the output. What
 * a call writes stays there, and is read again only when a reference names it.
 */
#include "jmap/jmap_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* ---- methods by their names ---- */

static const struct jmap_method *const tables[] = {jmap_methods_core, jmap_methods_email_read,
    jmap_methods_email_write, jmap_methods_mailbox, jmap_methods_mailbox_set, jmap_methods_thread,
    jmap_methods_snippet, jmap_methods_submission, jmap_methods_identity, jmap_methods_vacation,
    jmap_methods_blob, jmap_methods_quota, jmap_methods_sieve, jmap_methods_mdn, jmap_methods_push,
    jmap_methods_sharing, jmap_methods_admin_domain, jmap_methods_admin_person, jmap_methods_admin_alias,
    jmap_methods_admin_queue, jmap_methods_admin_trace, jmap_methods_admin_health, jmap_methods_history,
    jmap_methods_trace, jmap_methods_preferences, jmap_methods_rules, jmap_methods_masked,
    jmap_methods_file_link, jmap_methods_recipient};

const struct jmap_method *jmap_method_at(size_t position)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct jmap_method *m = tables[i]; m->name; m++)
			if (position-- == 0)
				return m;
	return NULL;
}

const struct jmap_method *jmap_find_method(const char *name)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (const struct jmap_method *m = tables[i]; m->name; m++)
			if (strcmp(m->name, name) == 0)
				return m;
	return NULL;
}

/* ---- the next call ---- */

static void release_call(struct jmap_call *c)
{
	if (c->serial == 0)
		return;
	if (c->data && c->release)
		c->release(c->data);
	mem_free(c->data);
	jmap_set_release(c);
	jmap_get_release(c);
	json_decref(c->arguments);
	arena_done(&c->arena);
	c->serial = 0;
}

static void begin_call(struct jmap_request *r, const char *name, json_t *arguments, struct view id)
{
	struct jmap_call *c = &r->call;

	*c = (struct jmap_call){.request = r,
	    .method = jmap_find_method(name),
	    .arguments = arguments,
	    .id = id,
	    .serial = ++r->last_serial};
	arena_init(&c->arena, JMAP_ARENA_MAX);
	r->out->max = r->out_max - r->reserve;
	jmap_begin_response(r, c->method ? c->method->name : "error");
}

/* An account that is not known may have been shared just now. */
static bool looks_anew(struct jmap_call *c, struct view id)
{
	struct jmap_session *s = c->request->session;
	uint64_t number;

	if (c->looked_anew || s->lost || !mail_account_id_read(id, &number))
		return false;
	c->looked_anew = c->again = c->request->waiting = true;
	jmap_ask_accounts(s);
	return true;
}

/* False: the call has been answered, or is run again later. */
static bool check_account(struct jmap_call *c)
{
	const json_t *id = json_object_get(c->arguments, "accountId");
	const struct jmap_account *account;

	if (!json_is_string(id)) {
		jmap_error(c, "invalidArguments", "accountId is missing, or is not a string");
		return false;
	}
	account = jmap_find_account(c->request->session, jmap_string(id));
	if (account == NULL && looks_anew(c, jmap_string(id)))
		return false;
	if (account == NULL && !c->request->session->accounts_known) {
		jmap_error_of(c, -EIO, "the list of accounts");
		return false;
	}
	if (account == NULL) {
		jmap_error(c, "accountNotFound", "there is no such account, or you have no right to it");
		return false;
	}
	c->account = *account;
	if (!arena_copy(&c->arena, account->address, &c->account.address)) {
		jmap_error_of(c, -ENOMEM, "the account");
		return false;
	}
	if (account->ask &&
	    (c->method->flags & JMAP_OWN_ONLY || !jmap_supports(account, c->method->capability))) {
		jmap_error(
		    c, "accountNotSupportedByMethod", "the account of somebody else does not have this");
		return false;
	}
	return true;
}

static void run(struct jmap_call *c)
{
	struct jmap_request *r = c->request;

	if (c->method == NULL || (!c->implied && !(r->uses >> c->method->capability & 1))) {
		jmap_error(c, "unknownMethod", "%s",
		    c->method ? "\"using\" does not name the capability of this method"
		              : "there is no such method");
		return;
	}
	if (c->method->flags & JMAP_ADMINISTERS && !r->session->config.administrator) {
		jmap_error(
		    c, "forbidden", "only an administrator of this server can do this, with a browser");
		return;
	}
	if (r->session->lost && c->method->capability != JMAP_CORE) {
		jmap_error_of(c, -EIO, "the account");
		return;
	}
	if (!jmap_resolve_references(c) || (c->method->flags & JMAP_NEEDS_ACCOUNT && !check_account(c)))
		return;
	c->method->run(c);
}

/* Begins the call that is next. False: there is none. */
static bool next_call(struct jmap_request *r)
{
	if (r->then_count) {
		struct jmap_then then = r->then[r->then_first];
		r->then_first++;
		r->then_count--;
		begin_call(r, then.method, then.arguments, then.id);
		r->call.implied = true;
	} else if (r->next_call < json_array_size(r->calls)) {
		json_t *call = json_array_get(r->calls, r->next_call);
		r->then_first = 0;
		begin_call(r, json_string_value(json_array_get(call, 0)),
		    json_incref(json_array_get(call, 1)), jmap_string(json_array_get(call, 2)));
		/* The arguments end with the call, and not with the request: they may hold megabytes. */
		(void)json_array_set_new(call, 1, json_null());
		r->next_call++;
	} else {
		return false;
	}
	run(&r->call);
	return true;
}

/* ---- the request ---- */

static void free_request(struct jmap_request *r)
{
	struct jmap_session *s = r->session;

	release_call(&r->call);
	jmap_forget_questions(s, r);
	for (struct jmap_request **at = &s->requests; *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			s->request_count -= !r->object;
			break;
		}
	s->trees -= r->tree;
	while (r->then_count)
		json_decref(r->then[r->then_first + --r->then_count].arguments);
	json_decref(r->root);
	json_decref(r->created);
	mem_free(r->results);
	buf_done(&r->nowhere);
	mem_free(r);
}

void jmap_request_drop(struct jmap_request *r)
{
	r->out->max = r->out_max;
	free_request(r);
}

static void finish(struct jmap_request *r, unsigned status)
{
	jmap_done *done = r->done;
	void *arg = r->arg;

	r->out->max = r->out_max;
	if (buf_failed(r->out)) {
		/* Nothing can be written any more, as it seems; the little that says so may still have room.
		 */
		buf_truncate(r->out, r->out_start);
		r->out->failed = 0;
		status = 503;
	}
	if (status == 503)
		(void)buf_append_string(r->out, "{\"type\":\"about:blank\",\"status\":503,\"detail\":\"the "
		                                "server cannot do this now; try "
		                                "again\"}");
	free_request(r);
	done(arg, status);
}

static void put_tail(struct jmap_request *r)
{
	char state[20];

	(void)buf_append_byte(r->out, ']');
	if (r->tells_created) {
		struct json_out w = json_out_on(r->out);
		(void)buf_append_string(r->out, ",\"createdIds\":");
		jmap_put_json(&w, r->created);
	}
	snprintf(state, sizeof state, "%016llx", (unsigned long long)r->session->state);
	(void)buf_printf(r->out, ",\"sessionState\":\"%s\"}", state);
}

static void put_head(struct jmap_request *r)
{
	(void)buf_append_byte(r->out, '{');
	if (r->websocket) {
		struct json_out w = json_out_on(r->out);
		(void)buf_append_string(r->out, "\"@type\":\"Response\",");
		if (r->id.data) {
			(void)buf_append_string(r->out, "\"requestId\":");
			json_out_string(&w, r->id);
			(void)buf_append_byte(r->out, ',');
		}
	}
	(void)buf_append_string(r->out, "\"methodResponses\":[");
}

bool jmap_advance(struct jmap_request *r)
{
	struct jmap_session *s = r->session;

	if (r->advancing || r->waiting)
		return false;
	if (r->object) {
		if (s->accounts_known)
			jmap_put_session_object(r);
		finish(r, s->accounts_known ? 200 : 503);
		return true;
	}
	r->advancing = true;
	for (;;) {
		if (r->call.again && !r->waiting && !r->call.ended) {
			r->call.again = false;
			run(&r->call);
			continue;
		}
		if (r->call.serial && !r->call.ended)
			break;
		release_call(&r->call);
		/* What failed outside of a call, no call can mend: without the head all would be no JSON. */
		if (buf_failed(r->out) || !next_call(r)) {
			put_tail(r);
			finish(r, 200);
			return true;
		}
	}
	r->advancing = false;
	return false;
}

/* Waits for the accounts, where they are not known, and begins. NULL: it has ended already. */
static struct jmap_request *begin(struct jmap_request *r)
{
	struct jmap_session *s = r->session;

	r->next = s->requests;
	s->requests = r;
	s->request_count += !r->object;
	if (!s->accounts_known && !s->lost) {
		r->waiting = true;
		jmap_ask_accounts(s);
		return r;
	}
	return jmap_advance(r) ? NULL : r;
}

static struct jmap_request *new_request(struct jmap_session *s, struct buf *out, jmap_done *done, void *arg)
{
	struct jmap_request *r = mem_alloc(sizeof *r);

	r->session = s;
	r->out = out;
	r->out_start = buf_view(out).len;
	r->out_max = out->max;
	r->done = done;
	r->arg = arg;
	buf_init(&r->nowhere, 0);
	r->dead = json_out_on(&r->nowhere);
	return r;
}

static struct jmap_request *refuse(struct jmap_request *r, const struct jmap_problem *problem)
{
	if (problem->type)
		jmap_put_problem(r, problem);
	finish(r, problem->type ? 400 : 503);
	return NULL;
}

static struct jmap_request *take(struct jmap_request *r, struct view body)
{
	struct jmap_session *s = r->session;
	struct jmap_problem problem;

	if (s->request_count >= JMAP_CONCURRENT_REQUESTS_MAX)
		return refuse(r,
		    &(struct jmap_problem){"limit", "too many requests are being carried out; wait for them",
		        "maxConcurrentRequests"});
	if (!jmap_parse_request(r, body, &problem))
		return refuse(r, &problem);
	/* Errors, ids of calls and created ids find room, however much the calls before them have answered:
	   three octets for one of the request, since what is escaped may be longer, and words of our own. */
	r->reserve = 3 * body.len + 1024 * (json_array_size(r->calls) + JMAP_THEN_MAX);
	if (r->reserve > r->out_max / 2)
		r->reserve = r->out_max / 2;
	put_head(r);
	return begin(r);
}

/* "application/json", with any parameters. */
static bool is_json(struct view type)
{
	ptrdiff_t end = view_find(type, ';');

	return view_equal_nocase(
	    view_trim(end < 0 ? type : view_take(type, (size_t)end)), VIEW("application/json"));
}

struct jmap_request *jmap_request_begin(
    struct jmap_session *s, struct view body, struct view type, struct buf *out, jmap_done *done, void *arg)
{
	struct jmap_request *r = new_request(s, out, done, arg);

	if (!is_json(type))
		return refuse(
		    r, &(struct jmap_problem){"notJSON", "the Content-Type is not application/json", NULL});
	return take(r, body);
}

struct jmap_request *jmap_request_begin_websocket(
    struct jmap_session *s, struct view text, struct buf *out, jmap_done *done, void *arg)
{
	struct jmap_request *r = new_request(s, out, done, arg);

	r->websocket = true;
	return take(r, text);
}

struct jmap_request *jmap_session_object(struct jmap_session *s, struct buf *out, jmap_done *done, void *arg)
{
	struct jmap_request *r = new_request(s, out, done, arg);

	r->object = true;
	/* It is asked for seldom, and must be true: what is shared is looked at anew. */
	s->accounts_known = false;
	return begin(r);
}
