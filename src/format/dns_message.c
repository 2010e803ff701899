/* Messages as they go over the wire: see dns_message.h. */
#include "format/dns_message.h"

#include <errno.h>
#include <string.h>

enum {
	FLAG_RESPONSE = 0x8000,
	FLAG_AUTHORITATIVE = 0x0400,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSE = 0x0100,
	FLAG_RECURSIVE = 0x0080,
	FLAG_AUTHENTIC = 0x0020,
	OPCODE_SHIFT = 11,
	TYPE_OPT = 41,
	POINTER = 0xc0,
	/* Each pointer of a name points further back; a name of 127 labels cannot have more. */
	POINTERS_MAX = 127
};

const char *dns_rcode_name(unsigned rcode)
{
	static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
	    "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"};
	return rcode < sizeof names / sizeof names[0] ? names[rcode] : "an unknown error";
}

/* ---- writing ---- */

int dns_name_write(struct buf *out, const char *name)
{
	char checked[DNS_NAME_SIZE];
	struct view rest, label;
	if (name[0] == '\0' || strcmp(name, ".") == 0)
		return buf_append_u8(out, 0);
	if (dns_question_parse(view_from_string(name), checked) != 0)
		return -EINVAL;
	for (rest = view_from_string(checked); view_next(&rest, '.', &label);) {
		buf_append_u8(out, (uint8_t)label.len);
		buf_append(out, label);
	}
	return buf_append_u8(out, 0);
}

int dns_question_write(struct buf *out, uint16_t id, const char *name, unsigned type, bool recurse)
{
	char checked[DNS_NAME_SIZE];
	if (name[0] && strcmp(name, ".") != 0 && dns_question_parse(view_from_string(name), checked) != 0)
		return -EINVAL;
	buf_append_u16(out, id);
	buf_append_u16(out, recurse ? FLAG_RECURSE | FLAG_AUTHENTIC : 0);
	buf_append_u16(out, 1);
	buf_append_u16(out, 0);
	buf_append_u16(out, 0);
	buf_append_u16(out, 1);
	dns_name_write(out, name);
	buf_append_u16(out, (uint16_t)type);
	buf_append_u16(out, DNS_CLASS_IN);
	/* EDNS: RFC 6891 section 6.1.2. */
	buf_append_u8(out, 0);
	buf_append_u16(out, TYPE_OPT);
	buf_append_u16(out, DNS_UDP_MAX);
	buf_append_u32(out, 0);
	return buf_append_u16(out, 0);
}

/* ---- reading ---- */

/* Appends the label and a dot; false: no name that we accept, or one that is too long. */
static bool add_label(struct view label, char name[DNS_NAME_SIZE], size_t *len)
{
	if (*len + label.len + 1 > DNS_NAME_SIZE)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.data[i];
		if (!ascii_is_print(c) || c == '.')
			return false;
		name[(*len)++] = ascii_lower(c);
	}
	name[(*len)++] = '.';
	return true;
}

/*
 * A name at `in`, which may point back into `whole`. False: malformed. A name that is well-formed but none
 * that we accept is read over, and is empty. *root tells it from the root.
 */
static bool take_name(struct view whole, struct cursor *in, char out[DNS_NAME_SIZE], bool *accepted)
{
	char name[DNS_NAME_SIZE];
	size_t len = 0, octets = 1, lowest = (size_t)(in->rest.data - whole.data);
	struct cursor at = *in, *now = in;
	bool good = true;
	for (unsigned pointers = 0;;) {
		uint8_t size = cursor_u8(now);
		if ((size & POINTER) == POINTER) {
			size_t target = (size_t)(size & ~POINTER) << 8 | cursor_u8(now);
			if (!cursor_ok(now) || target >= lowest || ++pointers > POINTERS_MAX)
				return false;
			lowest = target;
			at = cursor_on(view_skip(whole, target));
			now = &at;
			continue;
		}
		struct view label = cursor_bytes(now, size);
		if (!cursor_ok(now) || (size & POINTER) || (octets += size + 1u) > DNS_NAME_SIZE + 1)
			return false;
		if (size == 0)
			break;
		good = good && add_label(label, name, &len);
	}
	if (!good)
		len = 0;
	memcpy(out, name, len);
	out[len ? len - 1 : 0] = '\0';
	*accepted = good;
	return true;
}

int dns_message_open(struct view whole, struct dns_message *out)
{
	struct dns_message m = {.whole = whole, .in = cursor_on(whole)};
	bool accepted;
	m.id = cursor_u16(&m.in);
	unsigned flags = cursor_u16(&m.in), questions = cursor_u16(&m.in);
	for (size_t i = 0; i < 3; i++)
		m.left[i] = cursor_u16(&m.in);
	if (!cursor_ok(&m.in) || questions > 1 || whole.len > DNS_MESSAGE_MAX)
		return -EBADMSG;
	m.response = flags & FLAG_RESPONSE;
	m.opcode = flags >> OPCODE_SHIFT & 15;
	m.rcode = flags & 15;
	m.authoritative = flags & FLAG_AUTHORITATIVE;
	m.truncated = flags & FLAG_TRUNCATED;
	m.recursive = flags & FLAG_RECURSIVE;
	m.authentic = flags & FLAG_AUTHENTIC;
	if (questions == 1) {
		if (!take_name(whole, &m.in, m.name, &accepted))
			return -EBADMSG;
		m.type = cursor_u16(&m.in);
		cursor_u16(&m.in);
	}
	if (!cursor_ok(&m.in))
		return -EBADMSG;
	*out = m;
	return 0;
}

int dns_message_next(struct dns_message *m, struct dns_resource *out)
{
	struct dns_resource r = {.section = DNS_ANSWER};
	bool accepted;
	while (r.section < DNS_ADDITIONAL && m->left[r.section] == 0)
		r.section++;
	if (m->left[r.section] == 0)
		return cursor_at_end(&m->in) ? 0 : -EBADMSG;
	r.start = (size_t)(m->in.rest.data - m->whole.data);
	if (!take_name(m->whole, &m->in, r.owner, &accepted))
		return -EBADMSG;
	r.type = cursor_u16(&m->in);
	r.class = cursor_u16(&m->in);
	r.ttl = cursor_u32(&m->in);
	r.data = cursor_bytes(&m->in, cursor_u16(&m->in));
	if (!cursor_ok(&m->in))
		return -EBADMSG;
	m->left[r.section]--;
	*out = r;
	return 1;
}

/* How many octets stand before the name, and how many names follow, in types that may be compressed (RFC 3597
 * section 4; SRV in old servers). */
static bool has_names(unsigned type, size_t *before, unsigned *names)
{
	*before = type == DNS_MX ? 2 : type == DNS_SRV ? 6 : 0;
	*names = type == DNS_SOA ? 2 : 1;
	return type == DNS_NS || type == DNS_CNAME || type == DNS_PTR || type == DNS_MX || type == DNS_SRV ||
	       type == DNS_SOA;
}

int dns_resource_data(const struct dns_message *m, const struct dns_resource *r, struct buf *out)
{
	struct cursor in = cursor_on(r->data);
	size_t before, length = buf_view(out).len;
	unsigned names;
	char name[DNS_NAME_SIZE];
	bool accepted = true;
	if (!has_names(r->type, &before, &names))
		return buf_append(out, r->data);
	buf_append(out, cursor_bytes(&in, before));
	while (names-- > 0 && accepted && cursor_ok(&in)) {
		if (!take_name(m->whole, &in, name, &accepted) || !accepted)
			break;
		dns_name_write(out, name);
	}
	if (cursor_ok(&in) && accepted && names == UINT32_MAX) {
		int error = buf_append(out, in.rest);
		return buf_failed(out) ? (error ? error : -ENOBUFS) : 0;
	}
	buf_truncate(out, length);
	return -EBADMSG;
}

bool dns_message_answers(const struct dns_message *m, uint16_t id, const char *name, unsigned type)
{
	char asked[DNS_NAME_SIZE] = "";
	if (name[0] && strcmp(name, ".") != 0 && dns_question_parse(view_from_string(name), asked) != 0)
		return false;
	return m->response && m->id == id && m->type == type && strcmp(m->name, asked) == 0;
}
