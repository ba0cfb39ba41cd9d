//! The programs that assistants run in, and how each wants to be told of a server.
//!
//! They all want the same: a command with arguments, or an address with a token. They disagree about the file, its format and the
//! names in it. The token stays out of it: it is in a variable of the environment, or the host asks for it.

use atera::text::plain_line;
use serde_json::{Value, json};

/// What the server is called in a host.
const NAME: &str = "atera";

/// The variable from which a host takes the token of a server over HTTP.
pub(crate) const TOKEN_VARIABLE: &str = "ATERA_MCP_TOKEN";

/// How a host reaches the server.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// It starts this program with these arguments.
    Command(String, Vec<String>),
    /// The server is at this address.
    Url(String),
}

/// A program that assistants run in.
pub(crate) struct Host {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it calls itself.
    pub(crate) title: &'static str,
    /// Where the configuration goes.
    pub(crate) place: &'static str,
    /// The configuration. `None` if the host cannot reach a server in this way.
    write: fn(&Way) -> Option<String>,
}

/// All of them.
pub(crate) const HOSTS: [Host; 8] = [
    Host {
        name: "claude",
        title: "Claude Code",
        place: ".mcp.json in the folder of a project; `claude mcp add-json --scope user atera '…'` takes the inner object for all projects",
        write: |way| {
            Some(servers(match way {
                Way::Command(..) => started(way, true)?,
                Way::Url(url) => {
                    json!({"type": "http", "url": url, "headers": bearer(&format!("${{{TOKEN_VARIABLE}}}"))})
                }
            }))
        },
    },
    Host {
        name: "claude-desktop",
        title: "Claude Desktop",
        place: "claude_desktop_config.json, in ~/Library/Application Support/Claude on macOS and in %APPDATA%\\Claude on Windows",
        write: |way| Some(servers(started(way, false)?)),
    },
    Host {
        name: "codex",
        title: "Codex",
        place: "~/.codex/config.toml",
        write: |way| Some(toml(way)),
    },
    Host {
        name: "cursor",
        title: "Cursor",
        place: "~/.cursor/mcp.json, or .cursor/mcp.json in the folder of a project",
        write: |way| {
            Some(servers(match way {
                Way::Command(..) => started(way, true)?,
                Way::Url(url) => {
                    json!({"url": url, "headers": bearer(&format!("${{env:{TOKEN_VARIABLE}}}"))})
                }
            }))
        },
    },
    Host {
        name: "gemini",
        title: "Gemini CLI",
        place: "~/.gemini/settings.json, or .gemini/settings.json in the folder of a project",
        write: |way| {
            Some(servers(match way {
                Way::Command(..) => started(way, false)?,
                Way::Url(url) => json!({"httpUrl": url, "headers": bearer(&format!("${TOKEN_VARIABLE}"))}),
            }))
        },
    },
    Host {
        name: "vscode",
        title: "VS Code",
        place: ".vscode/mcp.json in the folder of a project, or the mcp.json that `MCP: Open User Configuration` opens",
        write: |way| {
            Some(pretty(&match way {
                Way::Command(..) => json!({"servers": {NAME: started(way, true)?}}),
                Way::Url(url) => json!({
                    "inputs": [{
                        "type": "promptString",
                        "id": "atera-mcp-token",
                        "description": "Token of the Atera server",
                        "password": true,
                    }],
                    "servers": {NAME: {"type": "http", "url": url, "headers": bearer("${input:atera-mcp-token}")}},
                }),
            }))
        },
    },
    Host {
        name: "windsurf",
        title: "Windsurf",
        place: "~/.codeium/windsurf/mcp_config.json",
        write: |way| {
            Some(servers(match way {
                Way::Command(..) => started(way, false)?,
                Way::Url(url) => {
                    json!({"serverUrl": url, "headers": bearer(&format!("${{env:{TOKEN_VARIABLE}}}"))})
                }
            }))
        },
    },
    Host {
        name: "zed",
        title: "Zed",
        place: "settings.json, which `zed: open settings file` opens",
        write: |way| Some(pretty(&json!({"context_servers": {NAME: started(way, false)?}}))),
    },
];

impl Host {
    /// The host of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Host> {
        HOSTS.iter().find(|host| host.name == name)
    }

    /// The piece of configuration. `None` if the host cannot reach a server in this way without the token in its file.
    pub(crate) fn configuration(&self, way: &Way) -> Option<String> {
        (self.write)(way)
    }
}

/// A server that the host starts, with its type where the host wants it.
fn started(way: &Way, with_type: bool) -> Option<Value> {
    let Way::Command(program, arguments) = way else {
        return None;
    };
    let mut server = json!({"command": program, "args": arguments});
    if with_type {
        server["type"] = "stdio".into();
    }
    Some(server)
}

/// The header with the token.
fn bearer(token: &str) -> Value {
    json!({"Authorization": format!("Bearer {token}")})
}

/// The form that most hosts share.
fn servers(server: Value) -> String {
    pretty(&json!({"mcpServers": {NAME: server}}))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The form of Codex.
fn toml(way: &Way) -> String {
    let table = match way {
        Way::Command(program, arguments) => format!(
            "command = {}\nargs = [{}]\n",
            quoted(program),
            arguments
                .iter()
                .map(|it| quoted(it))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        Way::Url(url) => format!(
            "url = {}\nbearer_token_env_var = {}\n",
            quoted(url),
            quoted(TOKEN_VARIABLE)
        ),
    };
    format!("[mcp_servers.{NAME}]\n{table}")
}

/// A text in TOML.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A line for a person, of a host's own words.
pub(crate) fn where_to(host: &Host) -> String {
    plain_line(&format!("for {}: into {}", host.title, host.place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stdio() -> Way {
        let arguments = ["mcp", "--profile", "o'hara \"x\"", "--audit", "C:\\log.jsonl"];
        Way::Command("/opt/a tera".to_string(), arguments.map(str::to_string).to_vec())
    }

    fn url() -> Way {
        Way::Url("https://atera.example:8765/mcp".to_string())
    }

    /// The object of the server in the configuration of a host.
    fn server(host: &str, way: &Way) -> Value {
        let text = Host::named(host).expect(host).configuration(way).expect(host);
        let whole: Value = match host {
            "codex" => toml::from_str(&text).expect("TOML"),
            _ => serde_json::from_str(&text).expect("JSON"),
        };
        let key = match host {
            "vscode" => "servers",
            "zed" => "context_servers",
            "codex" => "mcp_servers",
            _ => "mcpServers",
        };
        whole[key][NAME].clone()
    }

    #[test]
    fn every_host_starts_the_command_with_its_arguments() {
        let Way::Command(program, arguments) = stdio() else {
            panic!("it is a command");
        };
        for host in &HOSTS {
            let server = server(host.name, &stdio());
            assert_eq!(
                (&server["command"], &server["args"]),
                (&json!(program), &json!(arguments)),
                "{}",
                host.name
            );
            let with_type = ["claude", "cursor", "vscode"].contains(&host.name);
            assert_eq!(
                server["type"],
                if with_type { json!("stdio") } else { Value::Null },
                "{}",
                host.name
            );
        }
    }

    #[test]
    fn the_token_of_a_server_over_http_is_in_no_file() {
        for (host, field, header) in [
            ("claude", "url", "Bearer ${ATERA_MCP_TOKEN}"),
            ("cursor", "url", "Bearer ${env:ATERA_MCP_TOKEN}"),
            ("gemini", "httpUrl", "Bearer $ATERA_MCP_TOKEN"),
            ("vscode", "url", "Bearer ${input:atera-mcp-token}"),
            ("windsurf", "serverUrl", "Bearer ${env:ATERA_MCP_TOKEN}"),
        ] {
            let server = server(host, &url());
            assert_eq!(server[field], "https://atera.example:8765/mcp", "{host}");
            assert_eq!(server["headers"]["Authorization"], header, "{host}");
        }
        assert_eq!(server("codex", &url())["bearer_token_env_var"], TOKEN_VARIABLE);
        for host in ["claude-desktop", "zed"] {
            assert_eq!(Host::named(host).expect(host).configuration(&url()), None);
        }
    }
}
