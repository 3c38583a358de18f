//! What an operator should know about a server.

/// What is wrong with a server that says this of itself (`INFO`).
pub(crate) fn notes(info: &str) -> Vec<String> {
    let value = |name: &str| {
        let found = info.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| *key == name);
        found.map(|(_, value)| value.trim())
    };
    let mut notes = Vec::new();
    if let Some(policy) = value("maxmemory_policy").filter(|policy| *policy != "noeviction") {
        notes.push(format!(
            "Redis deletes tokens when its memory is full (`maxmemory-policy {policy}`), which logs people out early; set \
             `noeviction`, or give the tokens a server of their own"
        ));
    }
    if value("cluster_enabled") == Some("1") {
        notes.push(
            "Redis is a cluster, which is not supported: name a single server, or a primary with replicas".to_owned(),
        );
    }
    if value("role") == Some("slave") {
        notes.push("Redis is a replica, where nobody can log in: name its primary".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_is_said() {
        let info = |policy: &str, cluster: u8, role: &str| {
            format!(
                "# Memory\r\nmaxmemory_policy:{policy}\r\n# Replication\r\nrole:{role}\r\ncluster_enabled:{cluster}\r\n"
            )
        };
        assert_eq!(notes(&info("noeviction", 0, "master")), Vec::<String>::new());
        assert_eq!(notes(""), Vec::<String>::new());
        for policy in ["allkeys-lru", "volatile-ttl", "volatile-lfu"] {
            let [note] = notes(&info(policy, 0, "master")).try_into().expect("one note");
            assert!(note.contains(policy), "{note}");
        }
        let [cluster] = notes(&info("noeviction", 1, "master")).try_into().expect("one note");
        assert!(cluster.contains("cluster"), "{cluster}");
        let [replica] = notes(&info("noeviction", 0, "slave")).try_into().expect("one note");
        assert!(replica.contains("replica"), "{replica}");
    }
}
