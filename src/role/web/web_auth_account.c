/* The account's page: what opens it, and forms that change that. */
#include <stdio.h>
#include <time.h>

#include "format/json_read.h"
#include "role/web/web_auth_page.h"
#include "role/web/web_html.h"

enum { PAGE_MAX = 512 * 1024, ARENA_MAX = 1024 * 1024 };

/* A time as people read it; "never" for 0. */
static void put_time(struct buf *out, int64_t seconds)
{
	char text[32];
	time_t t = (time_t)seconds;
	struct tm utc;
	if (seconds == 0 || gmtime_r(&t, &utc) == NULL) {
		buf_append_string(out, "never");
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%dT%H:%MZ", &utc);
	buf_printf(out, "<time datetime=\"%s\">", text);
	strftime(text, sizeof text, "%e %b %Y, %H:%M", &utc);
	buf_printf(out, "%s UTC</time>", text);
}

/* "Firefox on Linux", as far as what a browser calls itself tells. */
static void put_agent(struct buf *out, struct view agent)
{
	static const struct {
		const char *mark, *name;
	} browsers[] = {{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"},
	    {"Safari/", "Safari"}, {"curl/", "curl"}},
	  systems[] = {{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
	      {"Mac OS X", "macOS"}, {"Linux", "Linux"}};
	const char *browser = NULL, *system = NULL;
	for (size_t at = 0; at < agent.len; at++) {
		struct view rest = view_skip(agent, at);
		for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
			if (system == NULL && view_starts(rest, view_from_string(systems[i].mark)))
				system = systems[i].name;
	}
	for (size_t i = 0; browser == NULL && i < sizeof browsers / sizeof browsers[0]; i++)
		for (size_t at = 0; at < agent.len; at++)
			if (view_starts(view_skip(agent, at), view_from_string(browsers[i].mark)))
				browser = browsers[i].name;
	if (browser)
		buf_printf(out, "%s%s%s", browser, system ? " on " : "", system ? system : "");
	else if (agent.len)
		web_html_text(out, agent);
	else
		buf_append_string(out, "A program without a name");
}

/* A form of one button: what is done with the thing of that id. */
static void put_button(struct buf *out, const char *action, int64_t id, const char *label, const char *about)
{
	buf_printf(out, "<form method=\"post\" action=\"%s\" class=\"inline\">", action);
	if (id)
		buf_printf(out, "<input type=\"hidden\" name=\"id\" value=\"%lld\">", (long long)id);
	buf_printf(out, "<button%s%s%s>%s</button></form>", about ? " aria-label=\"" : "", about ? about : "",
	    about ? "\"" : "", label);
}

static const struct json_value *list_of(const struct json_value *state, const char *name)
{
	const struct json_value *list = json_member(state, name);
	return list && list->kind == JSON_ARRAY ? list->first : NULL;
}

static void begin_section(struct buf *out, const char *id, const char *title)
{
	buf_printf(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, title);
}

static void put_sessions(struct buf *out, const struct json_value *state)
{
	int64_t own = json_number_of(state, "session");
	size_t count = 0;
	begin_section(out, "sessions", "Where you are signed in");
	buf_append_string(out, "<ul class=\"rows\">\n");
	for (const struct json_value *s = list_of(state, "sessions"); s; s = s->next, count++) {
		int64_t id = json_number_of(s, "id");
		buf_append_string(out, "<li><div><strong>");
		put_agent(out, json_text_of(s, "agent"));
		buf_printf(out, "</strong>%s%s<br><span class=\"quiet\">",
		    json_true_of(s, "program") ? " <span class=\"tag\">token</span>" : "",
		    id == own ? " <span class=\"tag\">this one</span>" : "");
		if (json_text_of(s, "address").len)
			web_html_text(out, json_text_of(s, "address"));
		else
			buf_append_string(out, "not used yet");
		buf_append_string(out, ", ");
		put_time(out, json_number_of(s, "lastUsed"));
		buf_append_string(out, "</span></div>");
		if (id == own)
			put_button(out, "/auth/logout", 0, "Sign out", NULL);
		else
			put_button(out, "/auth/sessions/end", id, "End", "End this session");
		buf_append_string(out, "</li>\n");
	}
	buf_append_string(out, "</ul>\n");
	if (count > 1)
		put_button(out, "/auth/sessions/end", 0, "End all others", NULL);
	buf_append_string(out, "</section>\n");
}

static void put_opens(struct buf *out, const struct json_value *app)
{
	for (const struct json_value *p = list_of(app, "opens"); p; p = p->next) {
		buf_append_string(out, p == list_of(app, "opens") ? "" : " ");
		web_html_text(out, p->text);
	}
}

static void put_apps(struct buf *out, const struct json_value *state)
{
	begin_section(out, "apps", "App passwords");
	buf_append_string(out,
	    "<p class=\"quiet\">A password for one program on one device. You can take it back without "
	    "changing anything else.</p>\n<ul class=\"rows\">\n");
	for (const struct json_value *a = list_of(state, "appPasswords"); a; a = a->next) {
		buf_append_string(out, "<li><div><strong>");
		web_html_text(out, json_text_of(a, "name"));
		buf_append_string(out, "</strong><br><span class=\"quiet\">");
		put_opens(out, a);
		buf_append_string(out, "; last used: ");
		put_time(out, json_number_of(a, "lastUsed"));
		buf_append_string(out, "</span></div>");
		put_button(out, "/auth/passwords/remove", json_number_of(a, "id"), "Remove",
		    "Remove this app password");
		buf_append_string(out, "</li>\n");
	}
	buf_append_string(out, "</ul>\n<form method=\"post\" action=\"/auth/passwords/add\" class=\"line\">\n"
	                       "<label>For which program, on which device?\n<input name=\"name\" "
	                       "maxlength=\"60\" required></label>\n"
	                       "<input type=\"hidden\" name=\"opens\" value=\"imap\"><input type=\"hidden\" "
	                       "name=\"opens\" value=\"pop3\">"
	                       "<input type=\"hidden\" name=\"opens\" value=\"smtp\"><input type=\"hidden\" "
	                       "name=\"opens\" value=\"web\">"
	                       "<input type=\"hidden\" name=\"opens\" value=\"sieve\">\n<button>Make an app "
	                       "password</button>\n</form>\n"
	                       "<form method=\"post\" action=\"/auth/tokens/add\" class=\"line\">\n"
	                       "<label>A token for a program that speaks JMAP\n<input name=\"name\" "
	                       "maxlength=\"60\" required></label>\n"
	                       "<button>Make a token</button>\n</form>\n</section>\n");
}

static void put_second(struct buf *out, const struct json_value *state)
{
	bool codes = json_true_of(state, "codes"), second = json_true_of(state, "secondFactor");
	begin_section(out, "second", "Two-step sign-in");
	buf_append_string(out, second ? "<p>It is on: your password is the first step, and opens nothing "
	                                "else. Mail programs use app passwords.</p>\n"
	                              : "<p>It is off: whoever has your password has your mail.</p>\n");
	if (codes)
		put_button(out, "/auth/codes/remove", 0, "Switch codes off", NULL);
	else
		put_button(out, "/auth/codes/begin", 0, "Set up codes of an authenticator program", NULL);
	if (second) {
		buf_printf(out, "<p>Recovery codes that are left: %lld.</p>\n",
		    (long long)json_number_of(state, "recoveryCodes"));
		put_button(out, "/auth/recovery/make", 0, "Make new recovery codes", NULL);
	}
	buf_append_string(out, "</section>\n");
}

static void put_passkeys(struct buf *out, const struct json_value *state)
{
	begin_section(out, "passkeys", "Passkeys");
	buf_append_string(out,
	    "<p class=\"quiet\">Sign in with your device's lock, or with a key of hardware. The first one "
	    "switches two-step sign-in on.</p>\n<ul class=\"rows\">\n");
	for (const struct json_value *p = list_of(state, "passkeys"); p; p = p->next) {
		buf_append_string(out, "<li><div><strong>");
		web_html_text(out, json_text_of(p, "name"));
		buf_append_string(out, "</strong><br><span class=\"quiet\">");
		web_html_text(out, json_text_of(p, "site"));
		buf_append_string(out, "; last used: ");
		put_time(out, json_number_of(p, "lastUsed"));
		buf_append_string(out, "</span></div>");
		put_button(
		    out, "/auth/passkeys/remove", json_number_of(p, "id"), "Remove", "Remove this passkey");
		buf_append_string(out, "</li>\n");
	}
	buf_append_string(out,
	    "</ul>\n<form class=\"line passkey\" data-passkey=\"add\" hidden>\n"
	    "<label>A name for the new passkey\n<input name=\"name\" maxlength=\"60\" required></label>\n"
	    "<button>Add a passkey</button>\n<p class=\"problem\" role=\"alert\" hidden></p></form>\n"
	    "<noscript><p class=\"quiet\">Passkeys need a script, which your browser does not "
	    "run.</p></noscript>\n"
	    "</section>\n");
}

/* Its address goes along, so that programs which keep passwords know whose it is. */
static void put_password(struct buf *out, struct view address)
{
	begin_section(out, "password", "Password");
	buf_append_string(out, "<form method=\"post\" action=\"/auth/password\">\n<input name=\"username\" "
	                       "autocomplete=\"username\" hidden readonly value=\"");
	web_html_text(out, address);
	buf_append_string(out, "\">\n"
	                       "<label>The password until now\n<input name=\"current\" type=\"password\" "
	                       "autocomplete=\"current-password\" required></label>\n"
	                       "<label>A new one, of 10 characters or more\n<input name=\"new\" "
	                       "type=\"password\" autocomplete=\"new-password\" "
	                       "minlength=\"10\" required></label>\n<button>Change it</button>\n"
	                       "<p class=\"quiet\">All other sessions end, and mail programs have to sign in "
	                       "anew.</p>\n</form>\n</section>\n");
}

void web_auth_page_account(struct web_exchange *e, const struct web_auth_page *page)
{
	struct buf out;
	struct arena arena;
	struct json_value state = {.kind = JSON_NULL};
	arena_init(&arena, ARENA_MAX);
	buf_init(&out, PAGE_MAX);
	if (json_parse(page->text, &arena, &state) != 0) {
		web_exchange_unavailable(e);
	} else {
		web_html_begin(&out, WEB_ENGLISH, "Your account", "passkey.js");
		buf_append_string(&out, "<p class=\"who\">");
		web_html_text(&out, json_text_of(&state, "address"));
		buf_append_string(&out, "</p>\n");
		put_sessions(&out, &state);
		put_apps(&out, &state);
		put_second(&out, &state);
		put_passkeys(&out, &state);
		put_password(&out, json_text_of(&state, "address"));
		web_html_end(&out);
		web_html_reply(e, page->status, &out);
	}
	buf_done(&out);
	arena_done(&arena);
}
