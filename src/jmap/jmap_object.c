/* The Session resource (RFC 8620 section 2): what this server can do, and what the person reaches. */
#include "jmap/jmap_blob_methods.h"
#include "jmap/jmap_numbered.h"
#include "jmap/jmap_rights.h"
#include "jmap/jmap_state.h"
#include "mail/mail_email.h"
#include "mail/recipient.h"
#include "mail/script.h"

#include <stdio.h>

enum {
	/* As store has them: src/account/mailboxes.h. */
	MAILBOX_DEPTH = 20,
	MAILBOX_NAME_OCTETS = 200
};

const char *const jmap_capability_names[JMAP_CAPABILITIES] = {
    [JMAP_CORE] = "urn:ietf:params:jmap:core",
    [JMAP_MAIL] = "urn:ietf:params:jmap:mail",
    [JMAP_SUBMISSION] = "urn:ietf:params:jmap:submission",
    [JMAP_VACATION] = "urn:ietf:params:jmap:vacationresponse",
    [JMAP_BLOB] = "urn:ietf:params:jmap:blob",
    [JMAP_QUOTA] = "urn:ietf:params:jmap:quota",
    [JMAP_SIEVE] = "urn:ietf:params:jmap:sieve",
    [JMAP_MDN] = "urn:ietf:params:jmap:mdn",
    [JMAP_WEBSOCKET] = "urn:ietf:params:jmap:websocket",
    [JMAP_PRINCIPALS] = "urn:ietf:params:jmap:principals",
    [JMAP_PRINCIPALS_OWNER] = "urn:ietf:params:jmap:principals:owner",
    [JMAP_MAIL_SHARE] = "urn:ietf:params:jmap:mail:share",
    [JMAP_ADMINISTRATION] = "urn:postrider:params:jmap:administration",
    [JMAP_VAPID] = "urn:ietf:params:jmap:webpush-vapid",
    [JMAP_VERDICT] = "urn:postrider:params:jmap:verdict",
    [JMAP_FILED_BY] = "urn:postrider:params:jmap:filedby",
    [JMAP_HISTORY] = "urn:postrider:params:jmap:history",
    [JMAP_TRACE] = "urn:postrider:params:jmap:trace",
    [JMAP_RECIPIENTS] = "urn:postrider:params:jmap:recipients",
    [JMAP_MASKED] = "urn:postrider:params:jmap:maskedemail",
    [JMAP_FILE_LINK] = "urn:postrider:params:jmap:filelink",
    [JMAP_PREFERENCES] = "urn:postrider:params:jmap:preferences",
    [JMAP_QUERY_ACT] = "urn:postrider:params:jmap:query-act",
    [JMAP_SMIME] = "urn:ietf:params:jmap:smimeverify",
    [JMAP_SNOOZE] = "urn:ietf:params:jmap:mail:snooze",
    [JMAP_EMAIL_PUSH] = "urn:ietf:params:jmap:emailpush",
    [JMAP_RULES] = "urn:postrider:params:jmap:rules",
    [JMAP_CLEAN_HTML] = "urn:postrider:params:jmap:cleanhtml",
};

/* ---- which are there ---- */

static bool is_in(const struct jmap_method *table, enum jmap_capability capability)
{
	for (; table->name; table++)
		if (table->capability == capability)
			return true;
	return false;
}

/* A capability is announced when a method of it stands, so that nothing is promised that is not there. */
bool jmap_capability_is_true(const struct jmap_session *s, enum jmap_capability capability)
{
	switch (capability) {
	case JMAP_CORE:
		return true;
	case JMAP_MAIL:
		return is_in(jmap_methods_mailbox, capability) && is_in(jmap_methods_email_read, capability);
	case JMAP_SUBMISSION:
		return is_in(jmap_methods_submission, capability) && is_in(jmap_methods_identity, capability);
	case JMAP_VACATION:
		return is_in(jmap_methods_vacation, capability);
	case JMAP_BLOB:
		return is_in(jmap_methods_blob, capability);
	case JMAP_QUOTA:
		return is_in(jmap_methods_quota, capability);
	case JMAP_SIEVE:
		return is_in(jmap_methods_sieve, capability);
	case JMAP_MDN:
		return is_in(jmap_methods_mdn, capability);
	case JMAP_ADMINISTRATION:
		return s->config.administrator;
	case JMAP_SMIME: /* properties of Email */
		return s->config.smime;
	case JMAP_WEBSOCKET:
		return s->config.websocket;
	case JMAP_PRINCIPALS:
	case JMAP_PRINCIPALS_OWNER:
	case JMAP_MAIL_SHARE:
		return is_in(jmap_methods_sharing, JMAP_PRINCIPALS);
	case JMAP_PREFERENCES:
		return is_in(jmap_methods_preferences, capability);
	case JMAP_RULES:
		return is_in(jmap_methods_rules, capability);
	case JMAP_EMAIL_PUSH: /* a property of PushSubscription */
		return is_in(jmap_methods_push, JMAP_CORE);
	case JMAP_VAPID:
		return s->config.vapid_key.len > 0 && is_in(jmap_methods_push, JMAP_CORE);
	case JMAP_QUERY_ACT:
		return is_in(jmap_methods_email_write, capability);
	case JMAP_HISTORY:
		return is_in(jmap_methods_history, capability);
	case JMAP_MASKED:
		return is_in(jmap_methods_masked, capability);
	case JMAP_FILE_LINK:
		return s->config.file_link_days > 0 && is_in(jmap_methods_file_link, capability);
	case JMAP_TRACE:
		return is_in(jmap_methods_trace, capability);
	case JMAP_RECIPIENTS:
		return is_in(jmap_methods_recipient, capability);
	case JMAP_VERDICT:
	case JMAP_FILED_BY:
	case JMAP_SNOOZE:     /* properties of Email */
	case JMAP_CLEAN_HTML: /* an argument of what reads it */
		return is_in(jmap_methods_email_read, JMAP_MAIL);
	default:
		return false;
	}
}

bool jmap_supports(const struct jmap_account *account, enum jmap_capability capability)
{
	switch (capability) {
	case JMAP_CORE:
	case JMAP_MAIL:
	case JMAP_BLOB:
	case JMAP_SMIME:
	case JMAP_VERDICT:
	case JMAP_CLEAN_HTML:
	case JMAP_PRINCIPALS_OWNER:
	case JMAP_MAIL_SHARE:
		return true;
	default:
		return account->ask == 0;
	}
}

/* ---- what is said of each ---- */

static void put_strings(struct json_out *w, const char *name, const char *const *texts)
{
	json_out_name(w, view_from_string(name));
	json_out_array(w);
	for (; *texts; texts++)
		json_out_string(w, view_from_string(*texts));
	json_out_end(w);
}

static void put_url(struct json_out *w, const char *name, const struct jmap_session *s, const char *path)
{
	json_out_name(w, view_from_string(name));
	json_out_string_begin(w);
	json_out_string_piece(w, s->config.base);
	json_out_string_piece(w, s->config.prefix);
	json_out_string_piece(w, view_from_string(path));
	json_out_string_end(w);
}

static void core_of_session(struct json_out *w, const struct jmap_session *s)
{
	static const char *const collations[] = {"i;unicode-casemap", NULL};

	jmap_put_number(w, "maxSizeUpload", s->config.message_max);
	jmap_put_number(w, "maxConcurrentUpload", JMAP_CONCURRENT_UPLOADS_MAX);
	jmap_put_number(w, "maxSizeRequest", JMAP_SIZE_REQUEST_MAX);
	jmap_put_number(w, "maxConcurrentRequests", JMAP_CONCURRENT_REQUESTS_MAX);
	jmap_put_number(w, "maxCallsInRequest", JMAP_CALLS_MAX);
	jmap_put_number(w, "maxObjectsInGet", JMAP_OBJECTS_GET_MAX);
	jmap_put_number(w, "maxObjectsInSet", JMAP_OBJECTS_SET_MAX);
	put_strings(w, "collationAlgorithms", collations);
}

static void websocket_of_session(struct json_out *w, const struct jmap_session *s)
{
	/* "https://..." becomes "wss://...", "http://..." "ws://...". */
	json_out_name(w, VIEW("url"));
	json_out_string_begin(w);
	json_out_string_piece(w, VIEW("ws"));
	json_out_string_piece(w, view_skip(s->config.base, 4));
	json_out_string_piece(w, s->config.prefix);
	json_out_string_piece(w, VIEW("/jmap/ws"));
	json_out_string_end(w);
	json_out_name(w, VIEW("supportsPush"));
	json_out_bool(w, true);
}

static void vapid_of_session(struct json_out *w, const struct jmap_session *s)
{
	json_out_name(w, VIEW("applicationServerKey"));
	json_out_string(w, s->config.vapid_key);
}

static void mail_of_account(struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	static const char *const sorts[] = {"receivedAt", "sentAt", "size", "from", "to", "subject",
	    "hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword", NULL};

	jmap_put_number(w, "maxMailboxesPerEmail", EMAIL_PLACES_MAX);
	jmap_put_number(w, "maxMailboxDepth", MAILBOX_DEPTH);
	jmap_put_number(w, "maxSizeMailboxName", MAILBOX_NAME_OCTETS);
	jmap_put_number(w, "maxSizeAttachmentsPerEmail", s->config.message_max);
	put_strings(w, "emailQuerySortOptions", sorts);
	json_out_name(w, VIEW("mayCreateTopLevelMailbox"));
	json_out_bool(w, a->ask == 0);
}

static void submission_of_account(
    struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	(void)a;
	jmap_put_number(w, "maxDelayedSend", s->config.delay_max);
	json_out_name(w, VIEW("submissionExtensions"));
	json_out_object(w);
	/* The parameters that an envelope may have: jmap_envelope.c. */
	static const char *const none[] = {NULL};
	if (s->config.delay_max)
		put_strings(w, "FUTURERELEASE", none);
	put_strings(w, "DSN", none);
	put_strings(w, "MT-PRIORITY", none);
	put_strings(w, "REQUIRETLS", none);
	put_strings(w, "SMTPUTF8", none);
	put_strings(w, "8BITMIME", none);
	json_out_end(w);
}

static void blob_of_account(struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	static const char *const types[] = {"Email", "Thread", "Mailbox", NULL}, *const digests[] = {"sha",
	                                                                             "sha-256", "sha-512",
	                                                                             NULL};

	(void)a;
	jmap_put_number(w, "maxSizeBlobSet", jmap_blob_set_max(s));
	jmap_put_number(w, "maxDataSources", JMAP_BLOB_SOURCES_MAX);
	put_strings(w, "supportedTypeNames", types);
	put_strings(w, "supportedDigestAlgorithms", digests);
}

static void sieve_of_session(struct json_out *w, const struct jmap_session *s)
{
	(void)s;
	json_out_name(w, VIEW("implementation"));
	json_out_string(w, VIEW("Postrider"));
}

/* Words with a space between two; null where there are none. */
static void put_words(struct json_out *w, const char *name, struct view words)
{
	struct view word;
	json_out_name(w, view_from_string(name));
	if (words.len == 0) {
		json_out_null(w);
		return;
	}
	json_out_array(w);
	while (view_next(&words, ' ', &word))
		json_out_string(w, word);
	json_out_end(w);
}

static void sieve_of_account(struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	(void)a;
	jmap_put_number(w, "maxSizeScriptName", SCRIPT_NAME_MAX);
	jmap_put_number(w, "maxSizeScript", SCRIPT_SIZE_MAX);
	jmap_put_number(w, "maxNumberScripts", SCRIPT_COUNT_MAX);
	jmap_put_number(w, "maxNumberRedirects", s->config.sieve_redirects_max);
	put_words(w, "sieveExtensions", s->config.sieve_extensions);
	put_words(w, "notificationMethods", s->config.sieve_notify);
	put_words(w, "externalLists", s->config.sieve_lists);
}

static void file_link_of_account(
    struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	(void)a;
	jmap_put_number(w, "maxDays", s->config.file_link_days);
	jmap_put_number(w, "space", s->config.file_link_space);
	jmap_put_number(w, "attachMax", s->config.attach_max);
}

static void recipients_of_account(
    struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	(void)s;
	(void)a;
	jmap_put_number(w, "maxAddresses", RECIPIENT_ASK_MAX);
}

static void principals_of_account(
    struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	char id[MAIL_ID_MAX];
	(void)a;
	json_out_name(w, VIEW("currentUserPrincipalId"));
	json_out_string(w, view_of(id, jmap_principal_write(id, s->config.account)));
}

/* Who owns the account, and where that Principal is to be asked for. */
static void owner_of_account(struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	char id[MAIL_ID_MAX];
	json_out_name(w, VIEW("accountIdForPrincipal"));
	json_out_string(w, view_of(id, mail_account_id_write(id, s->config.account)));
	json_out_name(w, VIEW("principalId"));
	json_out_string(w, view_of(id, jmap_principal_write(id, a->number)));
}

static void (*const of_session[JMAP_CAPABILITIES])(struct json_out *w, const struct jmap_session *s) = {
    [JMAP_CORE] = core_of_session,
    [JMAP_SIEVE] = sieve_of_session,
    [JMAP_WEBSOCKET] = websocket_of_session,
    [JMAP_VAPID] = vapid_of_session,
};
static void (*const of_account[JMAP_CAPABILITIES])(
    struct json_out *w, const struct jmap_session *s, const struct jmap_account *a) = {
    [JMAP_MAIL] = mail_of_account,
    [JMAP_SUBMISSION] = submission_of_account,
    [JMAP_BLOB] = blob_of_account,
    [JMAP_SIEVE] = sieve_of_account,
    [JMAP_PRINCIPALS] = principals_of_account,
    [JMAP_FILE_LINK] = file_link_of_account,
    [JMAP_RECIPIENTS] = recipients_of_account,
    [JMAP_PRINCIPALS_OWNER] = owner_of_account,
};

/* ---- the object ---- */

/* Those that say nothing of an account stand in the session's list alone; "owner" is only of accounts. */
static bool is_of_accounts(enum jmap_capability k)
{
	return k != JMAP_CORE && k != JMAP_WEBSOCKET && k != JMAP_VAPID;
}

static void put_capabilities(struct json_out *w, const struct jmap_session *s)
{
	json_out_name(w, VIEW("capabilities"));
	json_out_object(w);
	for (enum jmap_capability k = 0; k < JMAP_CAPABILITIES; k++) {
		if (!jmap_capability_is_true(s, k) || k == JMAP_PRINCIPALS_OWNER)
			continue;
		json_out_name(w, view_from_string(jmap_capability_names[k]));
		json_out_object(w);
		if (of_session[k])
			of_session[k](w, s);
		json_out_end(w);
	}
	json_out_end(w);
}

void jmap_put_account(struct json_out *w, const struct jmap_session *s, const struct jmap_account *a)
{
	char id[MAIL_ID_MAX];

	json_out_name(w, view_of(id, mail_account_id_write(id, a->number)));
	json_out_object(w);
	json_out_name(w, VIEW("name"));
	json_out_string(w, a->address);
	json_out_name(w, VIEW("isPersonal"));
	json_out_bool(w, a->ask == 0);
	json_out_name(w, VIEW("isReadOnly"));
	json_out_bool(w, false); /* of each mailbox of another's there is a list of rights */
	json_out_name(w, VIEW("accountCapabilities"));
	json_out_object(w);
	for (enum jmap_capability k = 0; k < JMAP_CAPABILITIES; k++) {
		if (!is_of_accounts(k) || !jmap_capability_is_true(s, k) || !jmap_supports(a, k))
			continue;
		json_out_name(w, view_from_string(jmap_capability_names[k]));
		json_out_object(w);
		if (of_account[k])
			of_account[k](w, s, a);
		json_out_end(w);
	}
	json_out_end(w);
	json_out_end(w);
}

void jmap_put_session_object(struct jmap_request *r)
{
	const struct jmap_session *s = r->session;
	struct json_out writer = json_out_on(r->out), *w = &writer;
	char id[MAIL_ID_MAX], state[20];
	struct view own = view_of(id, mail_account_id_write(id, s->config.account));

	json_out_object(w);
	put_capabilities(w, s);
	json_out_name(w, VIEW("accounts"));
	json_out_object(w);
	for (size_t i = 0; i < s->account_count; i++)
		jmap_put_account(w, s, &s->accounts[i]);
	json_out_end(w);
	json_out_name(w, VIEW("primaryAccounts"));
	json_out_object(w);
	for (enum jmap_capability k = 0; k < JMAP_CAPABILITIES; k++)
		if (is_of_accounts(k) && jmap_capability_is_true(s, k) && k != JMAP_PRINCIPALS_OWNER) {
			json_out_name(w, view_from_string(jmap_capability_names[k]));
			json_out_string(w, own);
		}
	json_out_end(w);
	json_out_name(w, VIEW("username"));
	json_out_string(w, s->config.address);
	put_url(w, "apiUrl", s, "/jmap/api");
	put_url(w, "downloadUrl", s, "/jmap/download/{accountId}/{blobId}/{name}?type={type}");
	put_url(w, "uploadUrl", s, "/jmap/upload/{accountId}");
	put_url(w, "eventSourceUrl", s, "/jmap/events?types={types}&closeafter={closeafter}&ping={ping}");
	snprintf(state, sizeof state, "%016llx", (unsigned long long)s->state);
	json_out_name(w, VIEW("state"));
	json_out_string(w, view_from_string(state));
	json_out_end(w);
}
