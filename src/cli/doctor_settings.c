/* doctor: what the check of the settings says, and settings that nobody should leave so. */
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"
#include "config/findings.h"
#include "config/listen_address.h"
#include "config/settings_check.h"
#include "io/network.h"
#include "master/world_check.h"

static void tell_findings(struct doctor *d)
{
	struct settings settings;
	struct certificates certificates;
	struct findings found;
	char where[400], what[2200];
	findings_init(&found);
	settings_init(&settings);
	int error = world_read(d->cli->config, WORLD_LOOKS, &settings, &certificates, 0, &found);
	if (error == 0)
		certificates_done(&certificates);
	for (size_t i = 0; i < found.count; i++) {
		const struct finding *f = &found.rows[i];
		char mend[700];
		snprintf(where, sizeof where, "setting %s", f->setting);
		snprintf(what, sizeof what, "%s", f->problem);
		if (f->line)
			snprintf(
			    mend, sizeof mend, "line %u of %s: expected %s", f->line, f->file, f->expected);
		else
			snprintf(mend, sizeof mend, "postrider config set %s ... (expected %s)", f->setting,
			    f->expected);
		doctor_tell(d, f->level == FINDING_ERROR ? DOCTOR_ERROR : DOCTOR_WARNING, where, what,
		    f->level == FINDING_ERROR ? "the server does not start with this, and refuses a reload"
		                              : NULL,
		    mend);
	}
	if (found.count == 0)
		doctor_tell(d, DOCTOR_OK, "settings", "nothing is wrong with them", NULL, NULL);
	settings_done(&settings);
	findings_done(&found);
}

/* Flags and words that open something, or switch a protection off. */
static const struct {
	const char *name, *weak; /* the value that is told, as text */
	enum doctor_level level;
	const char *cost, *mend;
} weak[] = {
    {"require_tls_login", "false", DOCTOR_ERROR,
        "passwords travel unencrypted, for everybody on the way to read",
        "postrider config set require_tls_login --default"},
    {"sender_check", "false", DOCTOR_WARNING,
        "forged mail looks like any other: SPF, DKIM and DMARC are not looked at",
        "postrider config set sender_check --default"},
    {"dmarc_policy", "off", DOCTOR_WARNING,
        "mail with forged authors is delivered though their domains want it refused",
        "postrider config set dmarc_policy --default"},
    {"own_domains", "off", DOCTOR_WARNING, "strangers can write to your users in your users' names",
        "postrider config set own_domains --default"},
    {"dkim_sign", "false", DOCTOR_WARNING,
        "other servers put your mail into Junk more often, and DMARC cannot prove it",
        "postrider config set dkim_sign --default"},
    {"own_from", "off", DOCTOR_WARNING, "a user can write in another user's name",
        "postrider config set own_from --default"},
    {"mta_sts", "false", DOCTOR_NOTE,
        "somebody on the way to other servers can read mail that they protect by MTA-STS",
        "postrider config set mta_sts --default"},
    {"tls_cbc", "true", DOCTOR_NOTE, "old ciphers are allowed, for old programs",
        "postrider config set tls_cbc --default"},
    {"allow_main_password_scram", "true", DOCTOR_NOTE,
        "stolen verifiers of main passwords are easier to attack",
        "postrider config set allow_main_password_scram --default"},
    {"received_login", "true", DOCTOR_NOTE, "every recipient reads the account's name in the Received field",
        "postrider config set received_login --default"},
    {"crash_stop", "true", DOCTOR_WARNING, "the whole server stops when one of its processes crashes",
        "postrider config set crash_stop --default"},
    {"log_level", "0", DOCTOR_NOTE, "the log is long, and slow", "postrider config set log_level --default"},
};

static bool is_weak(const struct setting_told *told, const char *value)
{
	char number[32];
	if (told->kind == SETTING_TEXT)
		return view_equal(told->text, view_from_string(value));
	if (told->kind == SETTING_FLAG)
		return told->number == (strcmp(value, "true") == 0);
	snprintf(number, sizeof number, "%llu", (unsigned long long)told->number);
	return strcmp(number, value) == 0;
}

static void tell_weak(struct doctor *d)
{
	struct setting_told told;
	char where[100], what[200];
	unsigned before = d->counts[DOCTOR_WARNING] + d->counts[DOCTOR_ERROR] + d->counts[DOCTOR_NOTE];
	for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++)
		for (size_t place = 0; setting_tell(d->settings, place, &told); place++) {
			if (strcmp(told.name, weak[i].name) != 0 || !is_weak(&told, weak[i].weak))
				continue;
			snprintf(where, sizeof where, "setting %s", told.name);
			snprintf(what, sizeof what, "it is %s", weak[i].weak);
			doctor_tell(d, weak[i].level, where, what, weak[i].cost, weak[i].mend);
		}
	if (d->counts[DOCTOR_WARNING] + d->counts[DOCTOR_ERROR] + d->counts[DOCTOR_NOTE] == before)
		doctor_tell(d, DOCTOR_OK, "settings", "no protection is switched off", NULL, NULL);
}

/* A network so wide that strangers are in it. */
static void tell_wide(struct doctor *d, const char *name, struct view networks, const char *cost)
{
	struct sockaddr_storage stranger;
	char where[100];
	snprintf(where, sizeof where, "setting %s", name);
	if ((network_parse(VIEW("8.8.8.8"), &stranger) && network_contains(networks, &stranger)) ||
	    (network_parse(VIEW("2001:4860:4860::8888"), &stranger) && network_contains(networks, &stranger)))
		doctor_tell(d, DOCTOR_ERROR, where, "networks of strangers are in it", cost,
		    "name your own networks only");
}

static void tell_networks(struct doctor *d)
{
	struct view rest = d->settings->lmtp_listen, text;
	struct sockaddr_storage address;
	socklen_t len;
	const char *problem;
	tell_wide(d, "trusted_networks", d->settings->trusted_networks,
	    "no limit holds for them, and who has sent their mail is not checked");
	tell_wide(d, "proxy_from", d->settings->proxy_from, "they can claim to be any address");
	tell_wide(d, "xclient_from", d->settings->xclient_from, "they can claim to be any address");
	tell_wide(d, "trusted_proxies", d->settings->trusted_proxies, "they can claim to be any address");
	while (rest.len && view_next(&rest, '\n', &text))
		if (listen_address_parse(text, &address, &len, &problem) == 0 &&
		    !network_is_loopback(&address))
			doctor_tell(d, DOCTOR_WARNING, "setting lmtp_listen",
			    "LMTP listens on an address that others can reach",
			    "whoever can connect delivers to any mailbox, without any check",
			    "listen on 127.0.0.1 only, or let a firewall admit trusted hosts alone");
}

void doctor_settings(struct doctor *d)
{
	tell_findings(d);
	tell_weak(d);
	tell_networks(d);
}
