STYLES = []
