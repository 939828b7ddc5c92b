"""From headers to series and volumes: the images, how they are grouped, stacked and examined."""
