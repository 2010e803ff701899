/*
 * The settings: one table (settings.c) with name, kind, unit, form, default, range, explanation, example, and
 * when a change takes effect. From it come the reader of the configuration file, `postrider config` with all
 * its verbs, the manual page postrider.conf(5), and the form in which the master hands settings to the roles.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

/* Begins an element of dns_anchors that names a file. A macro, for VIEW. */
#define DNS_ANCHOR_FILE "file:"

#include "base/buf.h"
#include "base/view.h"

enum { CERTIFICATES_MAX_SETTING = 64, LISTENERS_MAX = 64 };

struct settings {
	struct buf text; /* owns what the views point to */

	struct view hostname, data, run;
	/* Lists: their elements are separated by newlines. */
	struct view smtp_listen, submission_listen, submissions_listen, lmtp_listen, pop3_listen,
	    pop3s_listen, imap_listen, imaps_listen, managesieve_listen, http_listen, https_listen,
	    metrics_listen;
	struct view tls_certificates, tls_keys;
	struct view proxy_from, xclient_from, trusted_proxies;
	struct view trusted_networks, login_mechanisms, local_senders;
	struct view language;
	struct view people_seen; /* "domain", "groups" or "nobody" */
	struct view report_org, report_from, report_addresses;
	struct view dmarc_policy; /* "follow", "mark" or "off" */
	struct view dmarc_exceptions, arc_trusted;
	struct view own_domains;            /* "refuse", "mark" or "off" */
	struct view own_from, foreign_from; /* "refuse", "sender" or "off" */
	struct view dns_server, dns_anchors, dns_stubs, dns_updates;
	struct view bimi, masked_domains;
	struct view relay_source, ca_file, smime_anchors, routes, relay_domains, tls_policies;
	uint64_t message_size_max, upload_size_max, recipients_max, received_max;
	uint64_t connections_max, connections_per_address, connection_rate, messages_rate;
	uint64_t errors_max, greeting_delay_ms, data_rate_min;
	/* Seconds: RFC 5321 section 4.5.3.2.7 (between commands); within a message; RFC 1939 section 3. */
	uint64_t timeout_command, timeout_data, pop3_idle;
	uint64_t imap_message_limit, imap_save_limit; /* RFC 9738; 0: none, else 1,000 or more */
	uint64_t disk_reserve, undelete_days, masked_addresses, file_link_days, file_link_space,
	    quota_default, quota_messages_default, quota_warning, search_index;
	uint64_t sender_check_memory, list_exceptions;
	uint64_t require_tls_login, tls_cbc, allow_main_password_scram, sender_null_mx, sender_check,
	    dkim_sign, received_login, crash_stop;
	struct view relay_networks, backup_mark;
	uint64_t relay_port, mta_sts, https_port, dns_watch;
	uint64_t queue_retry_min, queue_retry_max, queue_warn_hours, queue_give_up_days;
	uint64_t relay_connections, destination_connections, destination_rate, sender_domain_rate;
	uint64_t hold_max, trace_days, dkim_rotation_days;
	uint64_t log_level, drain_seconds, upgrade_seconds, reports, failure_reports;
};

/* When a new value counts. */
enum setting_effect {
	EFFECT_RELOAD,  /* at a reload (SIGHUP), or a restart */
	EFFECT_RESTART, /* at a restart only */
	EFFECT_COMMAND  /* at the next command that needs it: the server does not use it */
};
const char *setting_effect_text(enum setting_effect effect); /* a sentence */

/* The defaults. settings_done frees; a settings object that was only zeroed may be freed too. */
void settings_init(struct settings *s);
void settings_done(struct settings *s);

/*
 * Takes the statements of a file (conf.h) over the defaults. Everything that is wrong is told in *found.
 * Returns 0, or -EINVAL when *found has errors, those of the reader of the file among them; *s is then
 * untouched.
 */
struct conf;
struct findings;
int settings_load(struct settings *s, const struct conf *conf, struct findings *found);

/*
 * The same for who goes on checking: *s, which was not initialised, gets what can be read, whatever is wrong
 * with the rest. It is used for nothing but checks when *found has errors.
 */
void settings_take(struct settings *s, const struct conf *conf, struct findings *found);

/* Appends the names of the settings that differ and take effect so, with ", " between two. */
void settings_changed(
    const struct settings *a, const struct settings *b, enum setting_effect effect, struct buf *names);

/*
 * Reads a configuration file over the defaults. Returns 0, or a negative errno with *problem telling a person
 * what is wrong, where (file:line) and what to do: a line for each mistake. *s is then untouched.
 */
int settings_read(struct settings *s, const char *path, struct buf *problem);

/* The same from text, for tests and the fuzzer. */
int settings_parse(struct settings *s, const char *text, struct buf *problem);

/* To and from the form that roles get. Decoding: 0 or -EBADMSG, *s untouched. */
int settings_encode(const struct settings *s, struct buf *out);
int settings_decode(struct settings *s, struct view encoded);

/* One setting, for whoever shows it: text of a list has a line for each element; of a number 0 or more, of a
 * flag 0 or 1. Views point into *s and static memory. False: there is none at this place. */
enum setting_kind { SETTING_TEXT, SETTING_LIST, SETTING_NUMBER, SETTING_SIZE, SETTING_FLAG };

struct setting_told {
	const char *name, *meaning, *unit;
	enum setting_kind kind;
	enum setting_effect effect;
	uint64_t min, max;
	struct view text;
	uint64_t number;
};
bool setting_tell(const struct settings *s, size_t place, struct setting_told *out);

/* The table as a manual (mdoc list items), and as a commented example file. */
void settings_manual(struct buf *out);
void settings_example(struct buf *out);

#endif
