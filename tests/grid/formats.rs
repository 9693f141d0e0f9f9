//! The kinds of files that assign a value to a name, each with the surrounding lines that such a file usually has.

use crate::names::Case;

/// A kind of file.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) case: Case,
    /// Returns the text of a file with this name and this value.
    pub(crate) write: fn(&str, &str) -> String,
}

const fn format(name: &'static str, path: &'static str, case: Case, write: fn(&str, &str) -> String) -> Format {
    Format { name, path, case, write }
}

pub(crate) static FORMATS: [Format; 30] = [
    format("dotenv", "deploy/.env", Case::Upper, |n, v| {
        format!("PORT=8080\nLOG_LEVEL=info\n{n}={}\nREGION=eu-west-1\n", if_needed(v))
    }),
    format("yaml", "config/application.yml", Case::Kebab, |n, v| {
        format!("server:\n  port: 8080\n  {n}: {}\n  region: eu-west-1\n", if_needed(v))
    }),
    format("yaml snake", "ansible/group_vars/all.yml", Case::Snake, |n, v| {
        format!("---\nport: 8080\n{n}: \"{v}\"\nregion: eu-west-1\n")
    }),
    format("json", "config/settings.json", Case::Camel, |n, v| {
        format!("{{\n  \"port\": 8080,\n  \"{n}\": \"{v}\",\n  \"region\": \"eu-west-1\"\n}}\n")
    }),
    format("json in one line", "config/export.json", Case::Snake, |n, v| {
        format!("{{\"port\":8080,\"{n}\":\"{v}\",\"region\":\"eu-west-1\"}}\n")
    }),
    format("toml", "config/app.toml", Case::Snake, |n, v| {
        format!("[server]\nport = 8080\n{n} = \"{v}\"\nregion = \"eu-west-1\"\n")
    }),
    format("ini", "etc/app.ini", Case::Snake, |n, v| format!("[server]\nport = 8080\n{n} = {v}\nregion = eu-west-1\n")),
    format("properties", "src/main/resources/application.properties", Case::Dotted, |n, v| {
        format!("server.port=8080\n{n}={v}\nserver.region=eu-west-1\n")
    }),
    format("xml attribute", "Web.config", Case::Pascal, |n, v| {
        format!(
            "<appSettings>\n  <add key=\"Port\" value=\"8080\" />\n  <add key=\"{n}\" value=\"{v}\" />\n</appSettings>\n"
        )
    }),
    format("xml element", "config/server.xml", Case::Camel, |n, v| {
        format!("<server>\n  <port>8080</port>\n  <{n}>{v}</{n}>\n  <region>eu-west-1</region>\n</server>\n")
    }),
    format("hcl", "infra/prod.tfvars", Case::Snake, |n, v| {
        format!("instance_count = 2\n{n} = \"{v}\"\nregion         = \"eu-west-1\"\n")
    }),
    format("hcl variable", "infra/variables.tf", Case::Snake, |n, v| {
        format!("variable \"{n}\" {{\n  type    = string\n  default = \"{v}\"\n}}\n")
    }),
    format("dockerfile", "Dockerfile", Case::Upper, |n, v| {
        format!("FROM debian:12\nENV {n}={}\nRUN make install\n", if_needed(v))
    }),
    format("compose list", "docker-compose.yml", Case::Upper, |n, v| {
        let entry = format!("{n}={v}");
        let entry = if entry.bytes().all(is_plain) { entry } else { format!("\"{entry}\"") };
        format!("services:\n  web:\n    image: acme/web:2.1\n    environment:\n      - PORT=8080\n      - {entry}\n")
    }),
    format("compose map", "compose.yaml", Case::Upper, |n, v| {
        format!("services:\n  web:\n    environment:\n      PORT: 8080\n      {n}: {}\n", if_needed(v))
    }),
    format("shell", "bin/deploy.sh", Case::Upper, |n, v| {
        format!("#!/bin/sh\nset -e\nexport {n}='{v}'\nexec ./server --port 8080\n")
    }),
    format("powershell", "deploy.ps1", Case::Pascal, |n, v| {
        format!("$Port = 8080\n${n} = \"{v}\"\nStart-Service -Name Acme\n")
    }),
    format("python", "app/settings.py", Case::Upper, |n, v| {
        format!("import os\n\nPORT = 8080\n{n} = \"{v}\"\nDEBUG = False\n")
    }),
    format("python call", "app/client.py", Case::Snake, |n, v| {
        format!("client = Client(\n    host=\"api.acme.io\",\n    {n}=\"{v}\",\n)\n")
    }),
    format("javascript", "src/config.js", Case::Camel, |n, v| {
        format!("module.exports = {{\n  port: 8080,\n  {n}: '{v}',\n  region: 'eu-west-1',\n}};\n")
    }),
    format("typescript", "src/environment.ts", Case::Camel, |n, v| {
        format!("export const port = 8080;\nexport const {n}: string = '{v}';\n")
    }),
    format("java", "src/main/java/io/acme/Config.java", Case::Upper, |n, v| {
        format!("class Config {{\n    private static final String {n} = \"{v}\";\n}}\n")
    }),
    format("kotlin", "app/src/main/kotlin/Config.kt", Case::Camel, |n, v| {
        format!("object Config {{\n    const val port = 8080\n    private const val {n} = \"{v}\"\n}}\n")
    }),
    format("csharp", "src/Config.cs", Case::Pascal, |n, v| {
        format!("class Config\n{{\n    private const string {n} = \"{v}\";\n}}\n")
    }),
    format("go", "internal/config.go", Case::Camel, |n, v| {
        format!("package config\n\nconst (\n\tport = 8080\n\t{n} = \"{v}\"\n)\n")
    }),
    format("ruby", "config/initializers/acme.rb", Case::Snake, |n, v| {
        format!("Acme.configure do |config|\n  config.port = 8080\n  config.{n} = '{v}'\nend\n")
    }),
    format("php", "config/app.php", Case::Snake, |n, v| {
        format!("<?php\nreturn [\n    'port' => 8080,\n    '{n}' => '{v}',\n];\n")
    }),
    format("swift", "Sources/Config.swift", Case::Camel, |n, v| {
        format!("enum Config {{\n    static let port = 8080\n    static let {n} = \"{v}\"\n}}\n")
    }),
    format("rust", "src/config.rs", Case::Upper, |n, v| {
        format!("pub const PORT: u16 = 8080;\npub const {n}: &str = \"{v}\";\n")
    }),
    format("sql", "db/settings.sql", Case::Snake, |n, v| {
        format!("UPDATE settings SET port = 8080, {n} = '{v}' WHERE id = 1;\n")
    }),
];

/// Returns the value, in quotes if it has characters that a person would not leave unquoted.
fn if_needed(value: &str) -> String {
    if value.bytes().all(is_plain) { value.to_owned() } else { format!("\"{value}\"") }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=_-.".contains(&byte)
}
