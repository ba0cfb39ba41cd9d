//! Subjects of tickets and alerts.
//!
//! Some texts have HTML, quotation marks, emoji or Japanese, since mails do.

/// A subject of tickets.
pub(super) struct Subject {
    pub(super) title: &'static str,
    /// The first comment, by the contact.
    pub(super) comment: &'static str,
    /// `TicketType`.
    pub(super) kind: &'static str,
    /// The last comment of a technician, once the ticket is resolved.
    pub(super) solution: &'static str,
}

/// The subjects. The first is that of the first ticket.
#[rustfmt::skip]
pub(super) const SUBJECTS: [Subject; 20] = [
    Subject { title: "Printer in room 2 offline", comment: "The printer in room 2 shows no lights since this morning. Cable and socket are fine.", kind: "Incident", solution: "Replaced the power supply; the printer is back." },
    Subject { title: "Outlook keeps asking for the password", comment: "<p>Hello,</p><p>Outlook asks for my <b>password</b> every few minutes &amp; then loses the connection.</p><p>Thanks!</p>", kind: "Incident", solution: "Cleared the stored credentials and signed in again." },
    Subject { title: "New starter on Monday", comment: "Please set up a laptop, a mailbox and access to the shared drive for our new colleague.", kind: "Request", solution: "Account, mailbox and laptop are ready at the front desk." },
    Subject { title: "VPN drops every hour", comment: "Working from home, the VPN disconnects about once an hour. It reconnects after a few seconds.", kind: "Problem", solution: "Raised the session timeout on the gateway." },
    Subject { title: "Server room is too warm", comment: "The thermometer in the server room says 31 °C, usually it is 22 °C.", kind: "Incident", solution: "The air conditioning had tripped its fuse; reset and watched for a day." },
    Subject { title: "File deleted by mistake: Übersicht_März.xlsx", comment: "Could you restore »Übersicht_März.xlsx« from last night's backup? I deleted it by mistake.", kind: "Request", solution: "Restored the file from the backup of 02:00." },
    Subject { title: "Replace switch in the basement", comment: "The switch in the basement is to be replaced by the new model on Saturday. Nobody will be in.", kind: "Change", solution: "Switch replaced, all ports checked." },
    Subject { title: "Laptop very slow after update", comment: "Since the update on Tuesday my laptop takes ten minutes to start.", kind: "Incident", solution: "Removed a second virus scanner that the update had brought." },
    Subject { title: "Phishing mail received", comment: "<div>I got this mail, it looks wrong. I did <em>not</em> click on anything.<br/>From: &quot;Accounts&quot; &lt;billing@invoice-check.example&gt;</div>", kind: "Incident", solution: "Blocked the sender for everyone and searched all mailboxes." },
    Subject { title: "Second monitor not recognised", comment: "The second monitor stays black since I moved desks.", kind: "Incident", solution: "Exchanged the cable." },
    Subject { title: "Access to the accounts folder", comment: "I need to read the folder »Accounts 2026«. My manager has agreed, see below.", kind: "Request", solution: "Added to the group after confirmation by the manager." },
    Subject { title: "Backup failed three nights in a row", comment: "The report says that the backup of the file server failed again.", kind: "Problem", solution: "The target disk was full; old sets removed and retention corrected." },
    Subject { title: "Telephone has no dial tone", comment: "The phone at the counter is dead, all others work.", kind: "Incident", solution: "Patch lead had been pulled; plugged in again and labelled." },
    Subject { title: "Upgrade accounting software", comment: "The vendor asks us to upgrade to the new release before the end of the quarter.", kind: "Change", solution: "Upgraded on the evening agreed; database checked with the vendor." },
    Subject { title: "Wi-Fi weak in the meeting room", comment: "Video calls from the meeting room freeze all the time 😕", kind: "Problem", solution: "Added an access point in the corridor." },
    Subject { title: "Scanner sends nothing to e-mail", comment: "Scan to e-mail says »sent«, but nothing arrives.", kind: "Incident", solution: "Updated the mail settings of the scanner to the new server." },
    Subject { title: "Please reset my password", comment: "I am back from leave and have forgotten my password. My number is in the directory.", kind: "Request", solution: "Called back, identity checked, password reset." },
    Subject { title: "Disk C almost full", comment: "Windows warns that drive C: has less than 2 GB left.", kind: "Incident", solution: "Moved the archive to the server and emptied the caches." },
    Subject { title: "Website certificate expires soon", comment: "The browser warns of our intranet page. The certificate expires this week.", kind: "Change", solution: "Renewed the certificate and set a reminder." },
    Subject { title: "会議室のプロジェクターが映らない", comment: "会議室のプロジェクターに接続できません。ケーブルは交換済みです。", kind: "Incident", solution: "入力をHDMI 2に切り替えて復旧しました。" },
];

/// Comments of contacts on tickets that are not new.
pub(super) const REPLIES: [&str; 6] = [
    "Thank you. Please ring the bell at the side door.",
    "It is still the same this morning.",
    "That worked, thanks a lot!",
    "I am in a meeting until 3 pm, please call after that.",
    "<p>Screenshot attached.</p>",
    "Any news on this?",
];

/// Comments of technicians on tickets that are not resolved.
pub(super) const PROGRESS: [&str; 4] = [
    "Thank you for reporting this; we are looking into it.",
    "We need a restart of the machine, when would it suit you?",
    "Waiting for the part, it is due tomorrow.",
    "Logs collected and sent to the vendor.",
];

/// Kinds of alerts: title, message, category, severity and code.
#[rustfmt::skip]
pub(super) const ALERTS: [(&str, &str, &str, &str, i64); 10] = [
    ("Disk C is filling up", "Disk C has little space left", "Disk", "Warning", 1001),
    ("Disk C is full", "Disk C has less than 1 % of its space left", "Disk", "Critical", 1002),
    ("Machine is offline", "The agent has not reported for 15 minutes", "Availability", "Critical", 2001),
    ("Machine was restarted", "The machine was restarted outside of working hours", "Availability", "Information", 2002),
    ("CPU load is high", "The CPU load was above 95 % for 10 minutes", "Performance", "Warning", 3001),
    ("Memory is short", "Less than 5 % of the memory is free", "Performance", "Warning", 3002),
    ("Temperature is high", "The processor is at 92 °C", "Hardware", "Critical", 4001),
    ("Disk may fail", "SMART reports reallocated sectors", "Hardware", "Warning", 4002),
    ("Mail queue is long", "More than 500 messages wait to be sent", "Exchange", "Warning", 5001),
    ("Patch is missing", "A security update is missing for more than 14 days", "General", "Information", 6001),
];
