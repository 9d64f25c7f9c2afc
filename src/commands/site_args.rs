//! The arguments of all commands that read a site.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use finews::config::{Config, ConfigError, Overrides, SETTINGS, Setting, SettingKind};

/// The site, and settings that override its `_config.yml`.
#[derive(Debug, Args)]
pub(crate) struct SiteArgs {
    /// The site's folder [default: .]
    site: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

impl SiteArgs {
    /// Creates the arguments of a command that requires the site.
    pub(crate) fn new(site: PathBuf, flags: Flags) -> Self {
        Self { site: Some(site), flags }
    }

    /// Reads the configuration of the site, with the environment of the process.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let folder = self.folder().unwrap_or(Path::new("."));
        Config::read(folder, &self.flags.0, &|name| std::env::var_os(name))
    }

    /// Returns the site's folder, if the command line names it.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.site.as_deref()
    }

    /// Adds the flags that stand before the command. The flags after it have precedence.
    #[must_use]
    pub(crate) fn within(mut self, outer: Self) -> Self {
        self.flags.0.0.extend(outer.flags.0.0);
        self
    }

    /// Returns the flags with this address of the public listener, if there is one.
    pub(crate) fn with_listen(self, listen: Option<String>) -> Overrides {
        let mut flags = self.flags.0;
        if let Some(address) = listen {
            flags.0.insert(0, ("listen", address));
        }
        flags
    }
}

/// The flags of the settings, one for each row of [`SETTINGS`].
#[derive(Debug)]
pub(crate) struct Flags(Overrides);

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut values = Vec::new();
        for setting in &SETTINGS {
            let given = matches.get_many::<String>(setting.flag).unwrap_or_default();
            values.extend(given.map(|value| (setting.flag, value.clone())));
        }
        Ok(Self(Overrides(values)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let action = match setting.kind {
        SettingKind::One(_) => ArgAction::Set,
        SettingKind::List(_) => ArgAction::Append,
    };
    let argument = Arg::new(setting.flag).long(setting.flag).value_name(setting.value_name);
    argument.action(action).help(setting.help())
}
