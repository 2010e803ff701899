/* See option_texts.h. */
#include "cli/option_texts.h"

#include <errno.h>
#include <string.h>

enum { COLUMN = 22, OPTION_MAX = 32 /* octets; the longest has 20 */ };

/* The rows without a command are for those commands that have none of their own. */
static const struct row {
	const char *command, *option, *text;
} rows[] = {
    {NULL, "--json", "write JSON instead of text"},
    {NULL, "--yes", "do it without asking first"},
    {NULL, "--config",
        "the file with the settings; else $POSTRIDER_CONFIG, else /etc/postrider/postrider.conf"},
    {NULL, "--password-stdin", "read the password from standard input, up to the end of its first line"},
    {NULL, "--generate", "make a password, and print it"},
    {NULL, "--limit", "show so many at most"},
    {NULL, "--since", "only what is not older than this"},
    {NULL, "--until", "only what is older than this"},
    {NULL, "--days", "look back so many days"},
    {NULL, "--all", "all of them"},
    {NULL, "--dry-run", "only say what would be done"},
    {NULL, "--domain", "only what concerns this domain"},
    {NULL, "--now", "at once, not at its usual time"},

    {"setup", "--hostname", "this machine's full name in DNS, such as mail.example.org"},
    {"setup", "--domain", "the first domain to take mail for"},
    {"setup", "--account", "the first account's address; it gets the postmaster's mail"},
    {"setup", "--certificate", "the TLS certificate, a PEM file"},
    {"setup", "--key", "its private key, a PEM file"},
    {"setup", "--self-signed", "make a certificate, of which mail programs warn, until you have another"},

    {"demo", "--dir", "the folder of the demo; else ./var"},
    {"demo", "--port-base", "is added to each standard port; else 2000"},

    {"domain", "--alias-of", "every address of the domain means the same address of that one"},
    {"domain", "--catch-all", "gets the mail for addresses that do not exist"},
    {"domain", "--separator", "stands between a user and a tag, as in joe+shop@; else +"},
    {"domain", "--disable", "take no mail for the domain until --enable"},
    {"domain", "--enable", "take mail for the domain again"},
    {"domain", "--now", "erase it at once: it cannot be restored"},
    {"domain", "--removed", "list those that can still be restored"},

    {"account", "--quota", "how much mail the account may hold"},
    {"account", "--messages", "how many messages the account may hold"},
    {"account", "--scram",
        "also keep what SCRAM needs, if allow_main_password_scram allows it: easier to attack if stolen"},
    {"account", "--now", "erase all its mail at once: it cannot be restored"},
    {"account", "--removed", "list those that can still be restored"},
    {"account", "--no-alias", "do not keep the old address as an alias of the new one"},
    {"account", "--protocols", "what the password is good for: some of imap,pop3,smtp,sieve,web with commas"},
    {"account", "--readable",
        "keep the password readable, as CRAM-MD5 and APOP need it; it works only with these"},
    {"account", "--format", "csv (a table) or passwd (Dovecot's passwd-file); else what it looks like"},
    {"account", "--domain", "is added to names without one"},
    {"account", "--scheme", "of hashes that do not name theirs, such as SHA512-CRYPT"},
    {"account", "--skip-existing", "leave accounts that exist as they are, instead of refusing the file"},
    {"account", "--all", "end all of the account's sessions in browsers"},

    {"forward", "--to", "where the mail goes on to; may be given several times"},
    {"forward", "--keep", "a copy stays in the mailbox"},
    {"forward", "--off", "forward no longer"},

    {"dkim", "--now",
        "sign with the new keys at once; nobody can verify the mail until their records are published"},

    {"mailbox", "--role",
        "what the mailbox is for: drafts, sent, junk, trash, archive, all, flagged, important, snoozed"},
    {"mailbox", "--into", "the mailbox below which the mail is put"},
    {"mailbox", "--format", "of the mail in PATH or FOLDER: maildir, mbox, mboxo (only import) or eml"},
    {"mailbox", "--mailbox", "only this mailbox and those below it"},
    {"mailbox", "--days", "what was deleted in so many days; else all that is still there"},

    {"rule", "--server", "the server's own scripts, which run for every account"},
    {"rule", "--name", "the name of the script, or of the rule that is added"},
    {"rule", "--activate", "have it run from now on"},
    {"rule", "--none", "no script runs any more"},
    {"rule", "--script", "the script that is meant; else the active one"},
    {"rule", "--file", "a script in a file, instead of one that the account has"},
    {"rule", "--mailbox", "only the mail of this mailbox; else INBOX"},
    {"rule", "--query", "only mail that a search for these words finds"},
    {"rule", "--all", "also tell of mail with which nothing would be done"},
    {"rule", "--action", "what one action did, by its number in `rule log`"},
    {"rule", "--if", "a condition, such as 'subject contains invoice'; may be given several times"},
    {"rule", "--any", "one of the conditions is enough"},
    {"rule", "--then", "what is done, such as 'file into Invoices'; may be given several times"},
    {"rule", "--before", "put the rule before this one; else it comes last"},
    {"rule", "--off", "add it without letting it work yet"},
    {"rule", "--rule", "a rule as JSON, in a file"},

    {"vacation", "--text", "what the answer says"},
    {"vacation", "--text-file", "a file with what the answer says"},
    {"vacation", "--from", "the first day; else at once"},
    {"vacation", "--until", "the last day; else until it is turned off"},
    {"vacation", "--subject", "the answer's subject; else \"Automatic reply: \" and that of the mail"},
    {"vacation", "--html-file", "the same answer in HTML"},
    {"vacation", "--inside", "who is inside: domains and addresses, with commas between them"},
    {"vacation", "--inside-text", "what those inside are told instead"},
    {"vacation", "--inside-text-file", "a file with what those inside are told instead"},
    {"vacation", "--inside-only", "nobody else is answered"},
    {"vacation", "--every", "days until the same person is answered again"},
    {"vacation", "--off", "keep all this, but do not answer yet"},
    {"vacation", "--all", "also those whom the account's own scripts have answered"},

    {"queue", "--sender", "messages from this address; @example.org: from anybody there"},
    {"queue", "--domain", "messages for this domain, or for the destination of this name"},
    {"queue", "--older", "messages that came at least so long ago"},
    {"queue", "--error", "messages whose last error holds this text"},
    {"queue", "--all", "all messages"},
    {"queue", "--destination", "only this destination; else all"},
    {"queue", "--why", "the reason, for the log and the trace"},
    {"queue", "--for", "release it by itself after so long"},
    {"queue", "--bounce", "tell the sender that it could not be delivered"},
    {"queue", "--mx", "by the domain's MX records again"},

    {"trace", "--subject", "messages whose subject has these words"},
    {"trace", "--for", "only what this user may know, of its own mail"},

    {"search", "--wait", "come back when all mail is in the index"},

    {"report", "--wait", "wait so many seconds at most until there is a report"},
    {"report", "--unproven", "also count reports whose own author nothing proves"},
    {"report", "--all", "every row, not only the largest"},
    {"report", "--no-names", "show addresses without looking up their names"},

    {"message", "--from", "who writes; without --sender, the sender too"},
    {"message", "--to", "a recipient; may be given several times"},
    {"message", "--cc", "gets a copy, which all see"},
    {"message", "--bcc", "gets a copy, which nobody else sees"},
    {"message", "--subject", "the subject"},
    {"message", "--text", "the text; else it is read from standard input"},
    {"message", "--html", "a file with the text in HTML"},
    {"message", "--attach", "a file to attach; may be given several times"},
    {"message", "--header", "a further field of the header"},
    {"message", "--sender", "the envelope's sender, which gets the reports; \"\": nobody"},
    {"message", "--notify", "when the sender is told: never, or some of success,failure,delay"},
    {"message", "--ret", "how much of the message a report returns: full or hdrs"},
    {"message", "--file", "send the message in this file as it is"},
    {"message", "--user", "who logs in; the password is asked for"},
    {"message", "--show", "print the mail as a person reads it, and not byte for byte"},
    {"message", "--wait", "wait so many seconds at most until a mail comes"},
    {"message", "--server", "the server: HOST, HOST:PORT or [IPv6]:PORT"},
    {"message", "--tls", "TLS from the first byte"},
    {"message", "--starttls", "demand TLS, after a command that begins it"},
    {"message", "--no-tls", "no TLS at all"},
    {"message", "--ca-file", "the authorities to believe, a PEM file; else the system's"},
    {"message", "--tls-name", "the name that the certificate must show; else that of --server"},
    {"message", "--insecure", "do not check the certificate"},
    {"message", "--password-file", "a file with the password"},
    {"message", "--timeout", "seconds to wait for each answer"},
    {"message", "--verbose", "show the conversation"},

    {"dns", "--address",
        "this server's public address, where the settings do not tell it; may be given several times"},
    {"dns", "--server", "ask this name server instead of the usual ones; of update: the one that is changed"},
    {"dns", "--all", "optional records too, which otherwise are comments"},
    {"dns", "--key", "a file with the key (TSIG) that the name server knows; else by dns_updates"},

    {"verify", "--ip", "the address from which the message came"},
    {"verify", "--mail-from", "the envelope's sender; else that in Return-Path"},
    {"verify", "--helo", "what the client called itself"},

    {"config", "--changed", "only settings that are not as they are by default"},
    {"config", "--add", "add the values to the list, and keep the others"},
    {"config", "--remove", "take the values off the list"},
    {"config", "--default", "take the setting out of the file"},
    {"config", "--key", "the certificate's private key, a PEM file"},
};

const char *option_text(const char *command, struct view option)
{
	const char *found = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!view_equal(option, view_from_string(rows[i].option)))
			continue;
		if (rows[i].command && strcmp(rows[i].command, command) == 0)
			return rows[i].text;
		if (rows[i].command == NULL)
			found = rows[i].text;
	}
	return found;
}

/* The next "--name" of a text. */
static bool next_option(struct view *rest, struct view *option)
{
	while (rest->len > 2) {
		if (rest->data[0] != '-' || rest->data[1] != '-' || rest->data[2] < 'a' ||
		    rest->data[2] > 'z') {
			*rest = view_skip(*rest, 1);
			continue;
		}
		size_t len = 2;
		while (len < rest->len && (rest->data[len] == '-' || ascii_is_alnum(rest->data[len])))
			len++;
		*option = view_take(*rest, len);
		*rest = view_skip(*rest, len);
		return true;
	}
	return false;
}

/* Whether it stands before this place, too. */
static bool seen_before(struct view text, struct view option)
{
	struct view before = view_take(text, (size_t)(option.data - text.data)), one;
	while (next_option(&before, &one))
		if (view_equal(one, option))
			return true;
	return false;
}

int option_texts_write(const char *command, struct view usage, struct buf *out)
{
	struct view rest = usage, option;
	bool any = false;
	while (next_option(&rest, &option)) {
		const char *text = option_text(command, option);
		if (text == NULL || option.len > OPTION_MAX || seen_before(usage, option))
			continue;
		buf_printf(out, "%s  %-*.*s %s\n", any ? "" : "\noptions:\n", COLUMN, VIEW_FMT(option), text);
		any = true;
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
