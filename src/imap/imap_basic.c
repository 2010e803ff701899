/* NOOP and CHECK, LOGOUT (RFC 9051 section 6.1), ID (RFC 2971), NAMESPACE (RFC 2342), COMPRESS (RFC 4978),
 * UNAUTHENTICATE (RFC 8437), GETJMAPACCESS (RFC 9698). */
#include "imap/imap_commands.h"
#include "imap/imap_state.h"

#include "base/mem.h"

/* RFC 9051 section 6.1.2. */
void imap_noop(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	/* Asked even if nothing has been heard of changes: what another session was told is done must be seen
	 * now. */
	s->news = true;
	imap_ok(s, NULL, "done");
}

/* RFC 9051 section 6.1.3. */
void imap_logout(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	imap_put_note(s, "BYE", NULL, "goodbye");
	s->news = false;
	imap_ok(s, NULL, "you are logged out");
	imap_close(s);
}

enum {
	ID_FIELDS_MAX = 30 /* RFC 2971 section 3.3 */
};

void imap_id(struct imap_session *s, struct imap_in *in)
{
	if (imap_in_space(in) && !imap_in_word(in, "NIL")) {
		unsigned fields = 0;
		imap_in_char(in, '(');
		while (!in->wrong && !imap_in_take(in, ')')) {
			struct view name, value;
			bool is_nil;
			if (fields++ > 0)
				imap_in_space(in);
			if (imap_in_string(in, &name) && imap_in_space(in))
				imap_in_nstring(in, &value, &is_nil);
			if (fields > ID_FIELDS_MAX)
				imap_in_wrong(in, "there are more than 30 fields");
		}
	}
	if (imap_wrong(s, in))
		return;
	/* Which version runs is told to nobody who has not logged in. */
	imap_puts(s, imap_is_authenticated(s)
	                 ? "* ID (\"name\" \"Postrider\" \"version\" \"" POSTRIDER_VERSION "\")\r\n"
	                 : "* ID (\"name\" \"Postrider\")\r\n");
	imap_ok(s, NULL, "pleased to meet you");
}

/* RFC 9051 section 7.3.2. */
void imap_put_namespace(struct imap_session *s)
{
	/* Of the prefix of others' mailboxes, as programs may show it. */
	static const char *const others[IMAP_TONGUES] = {
	    [IMAP_GERMAN] = "Benutzer/", [IMAP_FRENCH] = "Utilisateurs/", [IMAP_SPANISH] = "Usuarios/"};
	imap_puts(s, "* NAMESPACE ((\"\" \"/\")) ((\"" IMAP_OTHERS "\" \"/\"");
	if (others[s->tongue])
		imap_putf(s, " \"TRANSLATION\" (\"%s\")", others[s->tongue]);
	imap_puts(s, ")) NIL\r\n");
}

/* RFC 9051 section 6.3.10; RFC 9051 section 5.1.2. */
void imap_namespace(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	imap_put_namespace(s);
	imap_ok(s, NULL, "done");
}

/* RFC 9698 section 4. Ids are alike in both (mail/mail_id.h). */
void imap_getjmapaccess(struct imap_session *s, struct imap_in *in)
{
	if (s->config.jmap.len == 0)
		imap_in_wrong(in, "there is no JMAP here");
	if (imap_wrong(s, in))
		return;
	imap_puts(s, "* JMAPACCESS \"");
	imap_put(s, s->config.jmap);
	imap_puts(s, "\"\r\n");
	imap_ok(s, NULL, "done");
}

void imap_compress(struct imap_session *s, struct imap_in *in)
{
	struct view mechanism;
	if (imap_in_space(in))
		imap_in_atom(in, &mechanism);
	if (imap_wrong(s, in))
		return;
	if (!view_equal_nocase(mechanism, VIEW("DEFLATE")) || !s->config.deflate_available) {
		imap_bad(s, "this compression is not offered");
	} else if (s->deflating) {
		imap_no(
		    s, "COMPRESSIONACTIVE", "the connection is compressed already"); /* RFC 4978 section 3 */
	} else {
		bool news = s->news;
		s->deflating = true;
		s->news = false; /* nothing may come between this answer and the first compressed octet */
		imap_ok(s, NULL, "all that follows is compressed");
		s->news = news;
		s->backend->start_deflate(s->arg);
	}
}

void imap_unauthenticate(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	/* RFC 8437 section 3: as before the login, but for TLS and compression. */
	imap_unselect(s);
	imap_questions_forget(s);
	mail_names_done(&s->names);
	s->backend->logout_account(s->arg);
	s->state = IMAP_NOT_AUTHENTICATED;
	s->enabled = 0;
	s->tongue = IMAP_ENGLISH;
	if (s->listener)
		s->listener->release(s);
	mem_free((char *)s->address.data);
	s->address = (struct view){0};
	imap_put(s, s->tag);
	imap_puts(s, " OK [CAPABILITY");
	imap_put_capabilities(s);
	imap_puts(s, "] nobody is logged in\r\n");
	imap_command_end(s);
}
