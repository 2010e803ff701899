/* XCLIENT, Postfix's way for a proxy to say who the client is; from configured addresses only. */
#include "smtp/smtp_private.h"

#include "base/mem.h"

/* Attribute values are xtext (RFC 3461 section 4): "+" and two hexadecimal digits stand for a byte. */
static bool decode(struct arena *arena, struct view value, struct view *out)
{
	char *text = arena_alloc(arena, value.len + 1);
	size_t n = 0;
	if (text == NULL)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] != '+') {
			text[n++] = value.data[i];
			continue;
		}
		static const char digits[] = "0123456789ABCDEF";
		ptrdiff_t high = i + 2 < value.len ? view_find(view_of(digits, 16), value.data[i + 1]) : -1;
		ptrdiff_t low = i + 2 < value.len ? view_find(view_of(digits, 16), value.data[i + 2]) : -1;
		if (high < 0 || low < 0)
			return false;
		text[n++] = (char)(high << 4 | low);
		i += 2;
	}
	*out = view_of(text, n);
	/* "[UNAVAILABLE]" and "[TEMPUNAVAIL]": it is unknown. */
	if (n > 0 && text[0] == '[' &&
	    (view_equal_nocase(*out, VIEW("[UNAVAILABLE]")) ||
	        view_equal_nocase(*out, VIEW("[TEMPUNAVAIL]"))))
		*out = (struct view){0};
	return true;
}

/* Those of Postfix that change nothing here. */
static bool is_other(struct view name)
{
	static const char *const others[] = {"PORT", "PROTO", "DESTADDR", "DESTPORT", "REVERSE_NAME"};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (view_equal_nocase(name, view_from_string(others[i])))
			return true;
	return false;
}

/* False for an attribute that there is not, and for an address without a value. */
static bool take(struct smtp_xclient *attributes, struct view name, struct view value)
{
	if (view_equal_nocase(name, VIEW("ADDR"))) {
		attributes->address = value;
		attributes->has_address = true;
		return value.len > 0 || value.data == NULL;
	}
	if (view_equal_nocase(name, VIEW("NAME")))
		attributes->name = value;
	else if (view_equal_nocase(name, VIEW("HELO")))
		attributes->helo = value;
	else if (view_equal_nocase(name, VIEW("LOGIN")))
		attributes->login = value;
	else
		return is_other(name);
	return true;
}

void smtp_client_changed(struct smtp_session *s, struct view client_address, bool clear_login, bool trusted)
{
	s->config.trusted = trusted;
	s->config.client_address = client_address;
	s->config.clear_login = clear_login;
}

void smtp_xclient_command(struct smtp_session *s, struct view argument)
{
	struct smtp_xclient attributes = {0};
	struct view rest = argument, part;
	struct arena arena;
	bool good = argument.len > 0;
	if (!s->config.xclient) {
		smtp_fault(s, 550, "5.7.1", "you may not use XCLIENT");
		return;
	}
	arena_init(&arena, 4 * SMTP_LINE_MAX);
	while (good && rest.len && view_next(&rest, ' ', &part)) {
		ptrdiff_t equals = view_find(part, '=');
		struct view name = view_take(part, equals < 0 ? 0 : (size_t)equals), value;
		good = equals > 0 && decode(&arena, view_skip(part, (size_t)equals + 1), &value) &&
		       take(&attributes, name, value);
	}
	/*
	 * An address that cannot be read is refused. A client whose address isn't known is nobody's
	 * neighbour: the proxy's own address, with the rights that it has, never stands for it.
	 */
	if (good && s->backend->xclient(s->arg, &attributes)) {
		if (s->state == SMTP_OVER) {
			arena_done(&arena);
			return;
		}
		smtp_reset(s);
		buf_clear(&s->helo);
		buf_clear(&s->login);
		s->state = SMTP_NEW;
		s->esmtp = false;
		smtp_start(s); /* the verdict on the real client, and a new greeting */
	} else {
		smtp_fault(s, 501, "5.5.4", "bad XCLIENT attribute");
	}
	arena_done(&arena);
}
