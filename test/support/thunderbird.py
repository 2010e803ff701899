"""Thunderbird with one account, driven through its own window: what a person clicks, by the commands behind the clicks."""

import subprocess

from marionette import Marionette
from ports import free_port
from server import TIMEOUT

# No tour, no questions, and nothing asked of the network but the account's server. The only way in which new mail is noticed is IDLE.
PREFERENCES = {
    "app.update.enabled": False,
    "app.donation.eoy.version.viewed": 1000,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "extensions.update.enabled": False,
    "mail.biff.show_alert": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.server.default.check_new_mail": False,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.proxy.type": 0,
}

# What each script below may use.
COMMON = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const Flags = Ci.nsMsgFolderFlags;
async function until(what, condition, pause = 20, limit = TIMEOUT) {
    for (let end = Date.now() + limit; Date.now() < end; await new Promise(resolve => setTimeout(resolve, pause))) {
        let value = condition();
        if (value) return value;
    }
    throw new Error(what + " did not come about");
}
const about = document.getElementById("tabmail").currentAbout3Pane;
const root = () => MailServices.accounts.defaultAccount.incomingServer.rootFolder;
const role = name => root().getFolderWithFlags(Flags[name]);
const folder = path => root().descendants.find(f => decodeURIComponent(f.URI).endsWith("/" + path));
const messages = where => [...where.messages];
const find = (where, subject) => messages(where).find(m => m.mime2DecodedSubject === subject);
async function pick(where, subject) {
    if (about.gFolder !== where) about.displayFolder(where);
    const message = await until(subject, () => find(where, subject));
    await until("the line of " + subject, () => about.gDBView && about.gDBView.findIndexOfMsgHdr(message, true) < 0xffffffff);
    about.threadTree.selectedIndex = about.gDBView.findIndexOfMsgHdr(message, true);
    await until("the chosen message", () => about.gDBView.numSelected === 1 && about.gDBView.hdrForFirstSelectedMessage === message);
    return message;
}
const command = name => about.commandController.doCommand(name);
function listener(resolve, reject) {
    return { onStopCopy: status => Components.isSuccessCode(status) ? resolve() : reject(new Error("copy: " + status)),
             onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() {}, QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]) };
}
""".replace("TIMEOUT", str(TIMEOUT * 1000))

SET_UP = """
const [address, password, imaps, submissions, certificate] = args;
const database = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
const overrides = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
for (const port of [imaps, submissions])
    overrides.rememberValidityOverride("127.0.0.1", port, {}, database.constructX509FromBase64(certificate), true);
const incoming = MailServices.accounts.createIncomingServer(address, "127.0.0.1", "imap");
const outgoing = MailServices.outgoingServer.createServer("smtp").QueryInterface(Ci.nsISmtpServer);
outgoing.hostname = "127.0.0.1";
outgoing.username = address;
incoming.port = imaps;
outgoing.port = submissions;
for (const server of [incoming, outgoing]) {
    server.socketType = Ci.nsMsgSocketType.SSL;
    server.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
    server.password = password;
}
const identity = MailServices.accounts.createIdentity();
identity.email = address;
identity.fullName = "Alice";
identity.composeHtml = false;
identity.smtpServerKey = outgoing.key;
const account = MailServices.accounts.createAccount();
account.addIdentity(identity);
account.incomingServer = incoming;
MailServices.accounts.defaultAccount = account;
MailServices.outgoingServer.defaultServer = outgoing;
"""


class Thunderbird:
    def __init__(self, display, home):
        self.display, self.home = display, home
        profile = home / "profile"
        profile.mkdir(parents=True)
        port = free_port()
        lines = {**PREFERENCES, "marionette.port": port}
        (profile / "user.js").write_text("".join(f'user_pref("{name}", {str(value).lower()});\n' for name, value in lines.items()))
        self.log = (home / "log").open("wb")
        self.process = subprocess.Popen(["thunderbird", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(profile)],
                                        env=display.environment(home), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.marionette = Marionette(port, lambda: self.process.poll() is None)
        except BaseException:
            self.close()
            raise

    def run(self, script, *args):
        return self.marionette.run(COMMON + script, *args)

    def set_up(self, server, address):
        certificate = "".join((server.folder / "tls-cert.pem").read_text().split("-----")[2].split())
        self.run(SET_UP, address, server.passwords[address], server.ports["imaps"], server.ports["submissions"], certificate)
        self.run("about.displayFolder(await until('the inbox', () => role('Inbox'))); role('Inbox').getNewMessages(null, null);")
        self.run("await until('the list of folders', () => role('Trash') && role('SentMail') && about.gDBView)")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(TIMEOUT)
        self.log.close()
