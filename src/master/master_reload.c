/*
 * Reload: the settings and all that they name are read and looked at before anything changes, and refused as
 * a whole. Keys gets the new private keys first, beside the old ones; the roles that use them are told when
 * it has answered, so that no handshake asks for a key that is not there.
 */
#include "master/master_private.h"

#include <errno.h>

#include "base/log.h"
#include "master/world_check.h"

static bool same_listeners(const struct settings *a, const struct settings *b)
{
	for (enum service service = 0; service < SERVICES; service++)
		if (!view_equal(service_addresses(a, service), service_addresses(b, service)))
			return false;
	return view_equal(a->data, b->data) && view_equal(a->run, b->run);
}

static void warn(const struct findings *found)
{
	struct buf text;
	for (size_t i = 0; i < found->count; i++) {
		if (found->rows[i].level != FINDING_WARNING)
			continue;
		buf_init(&text, FINDINGS_MEMORY_MAX);
		finding_text(&found->rows[i], &text);
		log_record(LOG_WARNING, "-", "settings-doubtful", log_text("what", buf_view(&text)));
		buf_done(&text);
	}
}

/* 0 and both outputs, or the reason is logged. */
static int read_all(struct master *m, struct settings *fresh, struct certificates *certificates)
{
	const char *advice =
	    "correct it and reload again; until then the old settings and certificates stay in force";
	struct findings found;
	struct buf problem;
	buf_init(&problem, FINDINGS_MEMORY_MAX);
	findings_init(&found);
	settings_init(fresh);
	int error = world_read(m->options->config, WORLD_SERVES, fresh, certificates, m->next_key, &found);
	if (error) {
		findings_text(&found, false, &problem);
	} else if (!same_listeners(fresh, m->settings)) {
		settings_changed(fresh, m->settings, EFFECT_RESTART, &problem);
		buf_append_string(&problem, ": addresses and folders change only at a restart");
		advice = "restart the server, or restore these settings and reload again";
		certificates_done(certificates);
		error = -EBUSY;
	} else {
		warn(&found);
	}
	if (error) {
		log_record(LOG_ERROR, "-", "reload-refused", log_text("reason", buf_view(&problem)),
		    log_string("do", advice));
		master_command_reloaded(m, buf_view(&problem));
		settings_done(fresh);
	}
	findings_done(&found);
	buf_done(&problem);
	return error;
}

static void tell_what_needs_a_restart(const struct settings *fresh, const struct settings *old)
{
	struct buf names;
	buf_init(&names, 4096);
	settings_changed(fresh, old, EFFECT_RESTART, &names);
	if (buf_view(&names).len)
		log_record(LOG_WARNING, "-", "needs-restart", log_text("settings", buf_view(&names)),
		    log_string("do", "restart for their new values; everything else is in force now"));
	buf_done(&names);
}

void master_use_certificates(struct master *m, const struct certificates *certificates)
{
	certificates_done(&m->certificates);
	m->certificates = *certificates;
	m->next_key += certificates->count;
}

/* It has closed its files, or is about to, and settings are nothing to it. */
static bool has_yielded(const struct child *child)
{
	return child->role->bit == ROLE_STORE && child->place == CHILD_RETIRED;
}

static void configure_all_but(struct master *m, const struct child *done)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (m->children[i].up && &m->children[i] != done && !has_yielded(&m->children[i]))
			master_configure(m, &m->children[i]);
	log_record(LOG_INFO, "-", "reloaded", log_string("config", m->options->config));
	master_notify("READY=1");
}

/* What configures a store also starts it: the successor of one that yields, before the data folder is free.
 */
static bool has_to_wait(const struct master *m)
{
	return m->upgrade.step == UPGRADE_YIELDS;
}

void master_reload(struct master *m)
{
	struct settings fresh;
	struct certificates certificates;
	if (m->stopping)
		return;
	if (m->reload_waits || has_to_wait(m)) {
		m->reload_again = true;
		return;
	}
	master_notify("RELOADING=1");
	master_command_reload_begins(m);
	if (read_all(m, &fresh, &certificates) != 0) {
		master_notify("READY=1");
		return;
	}
	tell_what_needs_a_restart(&fresh, m->settings);
	settings_done(m->settings);
	*m->settings = fresh;
	log_set_threshold((enum log_level)fresh.log_level);
	master_use_certificates(m, &certificates);
	for (size_t i = 0; i < roles_count; i++)
		if (m->current[i]->up && m->current[i]->role->files & 1 << FILE_KEY &&
		    master_configure(m, m->current[i]) == 0)
			m->reload_waits = m->current[i];
	if (m->reload_waits == NULL)
		configure_all_but(m, NULL);
}

void master_reload_continue(struct master *m, const struct child *child)
{
	if (m->reload_waits != child)
		return;
	m->reload_waits = NULL;
	if (m->stopping)
		return;
	if (has_to_wait(m)) {
		m->reload_again = true;
		return;
	}
	configure_all_but(m, child);
	master_reload_if_asked(m);
}

void master_reload_if_asked(struct master *m)
{
	bool again = m->reload_again && m->reload_waits == NULL;
	if (!again)
		return;
	m->reload_again = false;
	master_reload(m);
}
