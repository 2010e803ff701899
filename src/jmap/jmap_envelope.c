/* Who gets a message, and how: the property "envelope" of a submission, or the message's own header (RFC 8621
 * section 7). Parameters are those of the SMTP extensions that the account's capability announces. */
#include <errno.h>

#include "base/mem.h"
#include "format/address.h"
#include "format/header.h"
#include "format/mail_terms.h"
#include "format/outcome.h"
#include "jmap/jmap_submission.h"

void jmap_envelope_init(struct jmap_envelope *e)
{
	*e = (struct jmap_envelope){.count = 0};
	buf_init(&e->recipients, SUBMISSION_RECIPIENTS_BYTES_MAX);
}

void jmap_envelope_done(struct jmap_envelope *e)
{
	buf_done(&e->recipients);
}

static enum jmap_envelope_fault add(
    struct jmap_call *c, struct jmap_envelope *e, const struct submission_recipient *r)
{
	if (e->addresses == NULL)
		e->addresses = arena_array(jmap_arena(c), SUBMISSION_RECIPIENTS_MAX, sizeof *e->addresses);
	if (e->addresses == NULL)
		return ENVELOPE_NO_MEMORY;
	for (size_t i = 0; i < e->count; i++)
		if (view_equal_nocase(e->addresses[i], r->address))
			return ENVELOPE_GOOD;
	if (e->count == SUBMISSION_RECIPIENTS_MAX)
		return ENVELOPE_TOO_MANY;
	if (!arena_copy(jmap_arena(c), r->address, &e->addresses[e->count]) ||
	    submission_recipient_put(&e->recipients, r) != 0)
		return ENVELOPE_NO_MEMORY;
	e->count++;
	return ENVELOPE_GOOD;
}

/* ---- parameters ---- */

/* RFC 3461 section 4: JMAP has the value without it. */
static bool put_xtext(struct jmap_call *c, struct view text, size_t max, struct view *out)
{
	struct buf b;
	buf_init(&b, max);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];
		if (byte > ' ' && byte < 0x7f && byte != '+' && byte != '=')
			buf_append_byte(&b, (char)byte);
		else
			buf_printf(&b, "+%02X", byte);
	}
	bool good = text.len > 0 && !buf_failed(&b) && arena_copy(jmap_arena(c), buf_view(&b), out);
	buf_done(&b);
	return good;
}

static bool take_number(struct view text, int64_t least, int64_t most, int64_t *out)
{
	bool minus = text.len > 0 && text.data[0] == '-';
	uint64_t n;
	if (!view_to_u64(view_skip(text, minus), INT32_MAX, &n))
		return false;
	*out = minus ? -(int64_t)n : (int64_t)n;
	return *out >= least && *out <= most;
}

static bool take_hold(struct jmap_envelope *e, int64_t now, int64_t at, int64_t delay_max)
{
	bool good = e->m.send_at == 0 && at <= now + delay_max;
	e->m.send_at = at > now ? (uint64_t)at : 0;
	return good;
}

static bool take_ret(struct jmap_envelope *e, struct view value)
{
	e->m.ret = view_equal_nocase(value, VIEW("FULL"))   ? RET_FULL
	           : view_equal_nocase(value, VIEW("HDRS")) ? RET_HDRS
	                                                    : RET_UNSAID;
	return e->m.ret != RET_UNSAID;
}

/* One parameter of MAIL FROM. False: it is unknown, or its value is wrong. */
static bool take_sender_parameter(
    struct jmap_call *c, struct jmap_envelope *e, struct view name, const json_t *value, int64_t delay_max)
{
	struct view text = jmap_string(value);
	int64_t now = jmap_now(c), n;
	int offset;
	if (view_equal_nocase(name, VIEW("SMTPUTF8")))
		return e->m.utf8 = 1, json_is_null(value);
	if (view_equal_nocase(name, VIEW("REQUIRETLS")))
		return e->m.requiretls = 1, json_is_null(value);
	/* What the message is, is seen from its octets. */
	if (view_equal_nocase(name, VIEW("BODY")) || view_equal_nocase(name, VIEW("SIZE")))
		return json_is_string(value);
	if (view_equal_nocase(name, VIEW("RET")))
		return take_ret(e, text);
	if (view_equal_nocase(name, VIEW("ENVID")))
		return put_xtext(c, text, 100, &e->m.envid);
	if (view_equal_nocase(name, VIEW("MT-PRIORITY"))) {
		e->m.has_priority = 1;
		return take_number(text, SMTP_PRIORITY_MIN, SMTP_PRIORITY_MAX, &e->m.priority);
	}
	if (view_equal_nocase(name, VIEW("HOLDFOR")))
		return take_number(text, 0, delay_max, &n) && take_hold(e, now, now + n, delay_max);
	if (view_equal_nocase(name, VIEW("HOLDUNTIL")))
		return jmap_date_read(text, &n, &offset) && take_hold(e, now, n, delay_max);
	return false;
}

static bool take_notify(struct view words, uint64_t *notify)
{
	static const struct {
		const char *word;
		uint64_t bit;
	} known[] = {{"NEVER", NOTIFY_NEVER}, {"SUCCESS", NOTIFY_SUCCESS}, {"FAILURE", NOTIFY_FAILURE},
	    {"DELAY", NOTIFY_DELAY}};
	struct view word;
	*notify = 0;
	while (words.len > 0 && view_next(&words, ',', &word)) {
		uint64_t bit = 0;
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			bit |= view_equal_nocase(view_trim(word), view_from_string(known[i].word))
			           ? known[i].bit
			           : 0;
		if (bit == 0)
			return false;
		*notify |= bit;
	}
	return *notify != 0 && (!(*notify & NOTIFY_NEVER) || *notify == NOTIFY_NEVER);
}

/* "rfc822;joe@example.org": the type stays as it is, the address becomes xtext. */
static bool take_orcpt(struct jmap_call *c, struct view value, struct view *out)
{
	struct view address;
	struct buf b;
	ptrdiff_t at = view_find(value, ';');
	if (at <= 0 || at > 30 || !put_xtext(c, view_skip(value, (size_t)at + 1), 450, &address))
		return false;
	for (ptrdiff_t i = 0; i < at; i++)
		if (!ascii_is_alnum(value.data[i]) && value.data[i] != '-')
			return false;
	buf_init(&b, 500);
	buf_append(&b, view_take(value, (size_t)at + 1));
	buf_append(&b, address);
	bool good = !buf_failed(&b) && arena_copy(jmap_arena(c), buf_view(&b), out);
	buf_done(&b);
	return good;
}

static bool take_recipient_parameter(
    struct jmap_call *c, struct submission_recipient *r, struct view name, const json_t *value)
{
	if (view_equal_nocase(name, VIEW("NOTIFY")))
		return take_notify(jmap_string(value), &r->notify);
	if (view_equal_nocase(name, VIEW("ORCPT")))
		return take_orcpt(c, jmap_string(value), &r->orcpt);
	return false;
}

/* As they were given, so that they are shown so. False: longer than is kept, or no object. */
static bool keep_parameters(struct jmap_call *c, const json_t *parameters, struct view *out)
{
	struct buf text;
	*out = (struct view){0};
	if (parameters == NULL || json_is_null(parameters))
		return true;
	if (!json_is_object(parameters))
		return false;
	buf_init(&text, SUBMISSION_PARAMETERS_MAX);
	struct json_out w = json_out_on(&text);
	jmap_put_json(&w, parameters);
	bool good = !buf_failed(&text) && arena_copy(jmap_arena(c), buf_view(&text), out);
	buf_done(&text);
	return good;
}

/* ---- the property ---- */

/* An Address: email, and parameters or null. */
static bool is_address(const json_t *a, struct view *email, const json_t **parameters)
{
	const json_t *e = json_object_get(a, "email");
	*parameters = json_object_get(a, "parameters");
	*email = jmap_string(e);
	return json_is_object(a) && json_is_string(e) && email->len <= SUBMISSION_ADDRESS_MAX &&
	       json_object_size(a) == (size_t)(*parameters ? 2 : 1);
}

static bool read_sender(struct jmap_call *c, struct jmap_envelope *e, const json_t *from, int64_t delay_max)
{
	const json_t *parameters;
	const char *name;
	json_t *value;
	if (!is_address(from, &e->m.sender, &parameters) || !keep_parameters(c, parameters, &e->m.parameters))
		return false;
	json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
	{
		if (!take_sender_parameter(c, e, view_from_string(name), value, delay_max))
			return false;
	}
	return true;
}

static enum jmap_envelope_fault read_recipient(struct jmap_call *c, struct jmap_envelope *e, const json_t *to)
{
	struct submission_recipient r = {.notify = 0};
	const json_t *parameters;
	const char *name;
	json_t *value;
	if (!is_address(to, &r.address, &parameters) || r.address.len == 0 ||
	    !keep_parameters(c, parameters, &r.parameters))
		return ENVELOPE_INVALID;
	json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
	{
		if (!take_recipient_parameter(c, &r, view_from_string(name), value))
			return ENVELOPE_INVALID;
	}
	return add(c, e, &r);
}

enum jmap_envelope_fault jmap_envelope_read(
    struct jmap_call *c, struct jmap_envelope *e, const json_t *envelope, int64_t delay_max)
{
	const json_t *to = json_object_get(envelope, "rcptTo"), *one;
	size_t i;
	e->problem =
	    "\"mailFrom\" is no Address, or has a parameter that is not offered or has a wrong value";
	if (!json_is_object(envelope) || !read_sender(c, e, json_object_get(envelope, "mailFrom"), delay_max))
		return ENVELOPE_INVALID;
	e->problem =
	    "\"rcptTo\" is no list of Address, or has a parameter that is not offered or has a wrong value";
	if (!json_is_array(to) || json_object_size(envelope) != 2)
		return ENVELOPE_INVALID;
	json_array_foreach((json_t *)(uintptr_t)to, i, one)
	{
		enum jmap_envelope_fault fault = read_recipient(c, e, one);
		if (fault != ENVELOPE_GOOD)
			return fault;
	}
	return ENVELOPE_GOOD;
}

/* ---- the header ---- */

static enum jmap_envelope_fault add_list(
    struct jmap_call *c, struct jmap_envelope *e, const struct address_list *list)
{
	enum jmap_envelope_fault fault = list->cut ? ENVELOPE_TOO_MANY : ENVELOPE_GOOD;
	for (size_t i = 0; i < list->count && fault == ENVELOPE_GOOD; i++) {
		const struct address *a = &list->items[i];
		struct submission_recipient r = {.notify = 0};
		struct buf text;
		if (a->kind != ADDRESS_MAILBOX || (a->local_part.len == 0 && a->domain.len == 0))
			continue;
		buf_init(&text, SUBMISSION_ADDRESS_MAX);
		if (a->domain.len == 0)
			buf_append(&text, a->local_part);
		else
			address_write_mailbox(&text, a->local_part, a->domain);
		/* One that is too long is told as one that cannot be. */
		r.address =
		    buf_failed(&text) ? view_take(a->local_part, SUBMISSION_ADDRESS_MAX) : buf_view(&text);
		if (r.address.len > 0)
			fault = add(c, e, &r);
		buf_done(&text);
	}
	return fault;
}

enum jmap_envelope_fault jmap_envelope_of_header(
    struct jmap_call *c, struct jmap_envelope *e, struct view header, struct view sender)
{
	struct header_reader reader = header_read(header);
	struct header_field field;
	enum jmap_envelope_fault fault = ENVELOPE_GOOD;
	e->m.sender = sender;
	while (fault == ENVELOPE_GOOD && header_next(&reader, &field)) {
		struct address_list list;
		if (!view_equal_nocase(field.name, VIEW("To")) &&
		    !view_equal_nocase(field.name, VIEW("Cc")) && !view_equal_nocase(field.name, VIEW("Bcc")))
			continue;
		if (address_list_parse(field.body, jmap_arena(c), &list) != 0)
			return ENVELOPE_NO_MEMORY;
		fault = add_list(c, e, &list);
	}
	return fault;
}
